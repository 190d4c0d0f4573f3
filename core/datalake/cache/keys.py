"""Where a series lies in a store: one path per provider, dataset and asset."""

from __future__ import annotations

import hashlib
import re

from attrs import frozen

from ..names import REVISIONS, SERIES

#: Names longer than this when encoded are cut and told apart by their hash.
LONGEST_NAME = 200
_ESCAPED = re.compile(rb"[^a-z0-9_.-]")


@frozen(order=True)
class SeriesKey:
    """One dataset of one asset, by the names of the framework (never a vendor's own)."""

    provider: str
    dataset: str
    asset: str

    def __str__(self) -> str:
        return f"{self.provider}.{self.dataset} of {self.asset}"

    @property
    def folder(self) -> str:
        """`provider=P/dataset=D/asset=A`, each name encoded."""
        parts = {"provider": self.provider, "dataset": self.dataset, "asset": self.asset}
        return "/".join(f"{name}={encode_name(value)}" for name, value in parts.items())

    @property
    def path(self) -> str:
        """The series."""
        return f"{SERIES}{self.folder}/series.parquet"

    @property
    def revisions(self) -> str:
        """The folder of what revisions replaced."""
        return f"{REVISIONS}{self.folder}"


def encode_name(name: str) -> str:
    """Percent-encode all but `a-z 0-9 - _ .`, so that no two names meet in one file.

    Capitals are encoded too: some file systems do not tell BTC from btc.
    """
    encoded = _ESCAPED.sub(_percent, name.encode("utf-8", "surrogatepass")).decode("ascii")
    if len(encoded) <= LONGEST_NAME:
        return encoded
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{encoded[:120]}~{digest[:32]}"


def _percent(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
