"""What lies in a store, told by its listing alone: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import unquote

from attrs import frozen

from ..cache import REVISIONS, SERIES, SeriesKey
from ..cache.rejected import QUARANTINE
from ..stores import Entry, Store

Kind = Literal[
    "series",
    "revision",
    "universe",
    "catalogue",
    "report",
    "record",
    "log",
    "mapping",
    "mark",
    "quarantine",
    "check",
    "foreign",
]

#: How the keys of each kind begin.
PREFIXES: dict[str, Kind] = {
    SERIES: "series",
    REVISIONS: "revision",
    "universe/v1/": "universe",
    "catalogue/v1/": "catalogue",
    "runs/v1/": "report",
    "inputs/v1/": "record",
    "requests/v1/": "log",
    "mappings/v1/": "mapping",
    "doctor/v1/": "check",
    QUARANTINE: "quarantine",
    "lake.json": "mark",
}
#: What may lie here is this lake's; whatever else is in the bucket is none of its business.
ROOTS = (
    "catalogue/",
    "doctor/",
    "inputs/",
    "lake.json",
    "mappings/",
    "quarantine/",
    "requests/",
    "revisions/",
    "runs/",
    "series/",
    "universe/",
)
_PARTS = ("provider", "dataset", "asset")


@frozen
class Item:
    """One object: what it is and, for a series or what a revision replaced, of which series."""

    entry: Entry
    kind: Kind
    series: SeriesKey | None = None

    @property
    def name(self) -> str:
        """`coingecko.market/bitcoin` for a series; the object's key for anything else."""
        return series_name(self.series) if self.series and self.kind == "series" else self.entry.key


@frozen
class Group:
    """The series of one dataset. `first` and `through` are the ends of what is covered, over all
    of them; `checked` the last time that anybody asked the provider."""

    provider: str
    dataset: str
    series: int
    bytes: int
    rows: int
    first: str | None
    through: str | None
    checked: str | None
    oldest: datetime
    newest: datetime


def take(store: Store, prefix: str | None = None) -> Iterator[Item]:
    """All objects of a lake (or those under a prefix), in order of keys. Raises StoreError."""
    for root in ROOTS if prefix is None else (prefix,):
        yield from map(classify, store.list(root))


def matching(items: Iterable[Item], patterns: Sequence[str]) -> list[Item]:
    """The series that one of the patterns fits (`coingecko.*/bitcoin`); all without a pattern."""
    return [
        item
        for item in items
        if item.kind == "series"
        and (not patterns or any(fnmatchcase(item.name, pattern) for pattern in patterns))
    ]


def series_name(key: SeriesKey) -> str:
    """How people write a series."""
    return f"{key.provider}.{key.dataset}/{key.asset}"


def parse_name(text: str) -> SeriesKey | None:
    """The series that a name, or an object's key, means; None where it is neither."""
    if text.startswith(SERIES):
        return _series(text[len(SERIES) :])
    source, slash, asset = text.partition("/")
    provider, dot, dataset = source.partition(".")
    return SeriesKey(provider, dataset, asset) if slash and dot and asset and dataset else None


def groups(items: Iterable[Item]) -> list[Group]:
    """The series by provider and dataset."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for item in items:
        if item.kind == "series" and item.series:
            found.setdefault((item.series.provider, item.series.dataset), []).append(item.entry)
    return [_group(*names, entries) for names, entries in sorted(found.items())]


def _group(provider: str, dataset: str, entries: Sequence[Entry]) -> Group:
    def facts(name: str) -> list[str]:
        return [entry.metadata[name] for entry in entries if entry.metadata.get(name)]

    return Group(
        provider,
        dataset,
        len(entries),
        sum(entry.size for entry in entries),
        sum(int(rows) for rows in facts("rows") if rows.isdigit()),
        min(facts("start"), default=None),
        max(facts("complete_through"), default=None),
        max(facts("checked_at"), default=None),
        min(entry.updated for entry in entries),
        max(entry.updated for entry in entries),
    )


def classify(entry: Entry) -> Item:
    """What an object is, by its key."""
    for prefix, kind in PREFIXES.items():
        if entry.key.startswith(prefix):
            named = kind in ("series", "revision", "quarantine")
            series = _series(entry.key[len(prefix) :]) if named else None
            known = not named or series
            return Item(entry, kind if known else "foreign", series)
    return Item(entry, "foreign")


def _series(path: str) -> SeriesKey | None:
    """The series of `provider=P/dataset=D/asset=A/…`, if that is how we would write it."""
    parts = path.split("/")
    if len(parts) != len(_PARTS) + 1:
        return None
    names = []
    for part, name in zip(parts, _PARTS, strict=False):
        label, _, value = part.partition("=")
        if label != name or not value:
            return None
        names.append(unquote(value, errors="surrogatepass"))
    key = SeriesKey(*names)
    return key if path.startswith(f"{key.folder}/") else None
