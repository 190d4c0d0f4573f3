"""An author's samples: a few recorded answers, and an index that says which request gets which.

`index.json`, as it is written by hand or by `--record`:

    {
      "as_of": "2026-03-15T10:30:00Z",
      "window": ["2026-03-01", "2026-03-15"],
      "assets": ["bitcoin"],
      "known": {"fees": {"2026-03-10": {"fees": 1234.5}}},
      "answers": {"assets/bitcoin/fees?from=1772323200&to=1773532800": "fees_bitcoin.json"}
    }
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import msgspec
from attrs import evolve, field, frozen

from ..errors import ConfigError
from ..models import Asset, Window

INDEX = "index.json"
#: An asset that no provider knows, unless the index names another.
NOBODYS = "an-asset-that-nobody-has"


@frozen
class Sample:
    """One recorded answer."""

    status: int
    body: bytes = field(repr=False)


@frozen(order=True)
class Asked:
    """One request as the author's index writes it: a path below the plan's base URL, and items."""

    path: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Asked:
        path, _, query = text.partition("?")
        return cls(path.strip("/"), tuple(sorted(parse_qsl(query, keep_blank_values=True))))

    def __str__(self) -> str:
        query = urlencode(self.query, safe=",:/")
        return f"{self.path}?{query}" if query else self.path

    def answers(self, request: Asked) -> bool:
        """Whether a request is this one; it may have further items."""
        return self.path == request.path and set(self.query) <= set(request.query)


@frozen(kw_only=True)
class Samples:
    """What an index says, with its answers read.

    `as_of` is the moment at which all clocks stand, `window` what is fetched. `assets` are those to
    try: the first that a dataset covers is fetched. `known` has, by dataset and day, values that
    somebody looked up elsewhere. `plan` is the plan that is used (None: the provider's first).
    """

    folder: Path
    as_of: datetime
    window: Window
    assets: Sequence[Asset]
    not_covered: Asset = field(factory=lambda: Asset(NOBODYS))
    known: Mapping[str, Mapping[date, Mapping[str, float | str]]] = field(factory=dict)
    answers: Mapping[Asked, Sample] = field(factory=dict)
    plan: str | None = None

    def answer(self, request: Asked) -> Sample | None:
        """The sample of the entry that fits a request most closely; None where none does."""
        fitting = [entry for entry in self.answers if entry.answers(request)]
        best = max(fitting, key=lambda entry: len(entry.query), default=None)
        return None if best is None else self.answers[best]

    def with_answers(self, answers: Mapping[Asked, Sample]) -> Samples:
        """The same with other answers."""
        return evolve(self, answers=answers)


class _Coin(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    id: str
    symbol: str | None = None
    name: str | None = None
    market_cap: float | None = None
    price: float | None = None


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    file: str
    status: int = 200


class _Index(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    as_of: datetime
    window: tuple[date, date]
    assets: list[str | _Coin]
    not_covered: str | _Coin = NOBODYS
    known: dict[str, dict[date, dict[str, float | str]]] = {}
    plan: str | None = None
    answers: dict[str, str | _Entry] = {}


def read_samples(folder: Path) -> Samples:
    """The samples of a folder. Raises ConfigError, which names the file and what is wrong."""
    file = folder / INDEX
    index = _read(file)
    if index.as_of.tzinfo is None:
        raise ConfigError(f"{file}: as_of must carry a time zone, for example …T10:30:00Z")
    start, end = index.window
    if not Window(start, end) or not index.assets:
        raise ConfigError(
            f"{file}: window must hold a day, as in [first, last + 1], and assets one"
        )
    return Samples(
        folder=folder,
        as_of=index.as_of.astimezone(timezone.utc),
        window=Window(start, end),
        assets=[_asset(one) for one in index.assets],
        not_covered=_asset(index.not_covered),
        known=index.known,
        answers={Asked.parse(text): _sample(file, one) for text, one in index.answers.items()},
        plan=index.plan,
    )


def write_samples(samples: Samples) -> list[Path]:
    """Write index and answers into the folder of the samples; the files, the index first."""
    samples.folder.mkdir(parents=True, exist_ok=True)
    named = dict(zip(samples.answers, _file_names(samples.answers), strict=True))
    for asked, sample in samples.answers.items():
        (samples.folder / named[asked]).write_bytes(_readable(sample.body))
    index = _Index(
        as_of=samples.as_of,
        window=(samples.window.start, samples.window.end),
        assets=[_written(asset) for asset in samples.assets],
        not_covered=_written(samples.not_covered),
        known={name: dict(days) for name, days in samples.known.items()},  # type: ignore[arg-type]
        plan=samples.plan,
        answers={
            str(asked): named[asked]
            if sample.status == 200
            else _Entry(named[asked], sample.status)
            for asked, sample in samples.answers.items()
        },
    )
    file = samples.folder / INDEX
    file.write_bytes(_readable(msgspec.json.encode(index)))
    return [file, *(samples.folder / name for name in named.values())]


def _read(file: Path) -> _Index:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Index)
    except OSError as error:
        raise ConfigError(f"{file}: there is no index of samples ({error.strerror})") from error
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{file} is no index of samples: {error}") from error


def _sample(index: Path, entry: str | _Entry) -> Sample:
    given = _Entry(entry) if isinstance(entry, str) else entry
    file = index.parent / given.file
    if not file.resolve().is_relative_to(index.parent.resolve()):
        raise ConfigError(f"{index}: {given.file} lies outside the folder of samples")
    try:
        return Sample(given.status, file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{index}: {given.file} cannot be read: {error.strerror}") from error


def _asset(given: str | _Coin) -> Asset:
    return Asset(given) if isinstance(given, str) else Asset(**msgspec.structs.asdict(given))


def _written(asset: Asset) -> str | _Coin:
    coin = _Coin(asset.id, asset.symbol, asset.name, asset.market_cap, asset.price)
    return asset.id if coin == _Coin(asset.id) else coin


def _readable(body: bytes) -> bytes:
    """JSON over several lines, with a newline at its end; what is no JSON, as it is."""
    try:
        return msgspec.json.format(body, indent=2) + b"\n"
    except msgspec.MsgspecError:
        return body


def _file_names(requests: Iterable[Asked]) -> Iterable[str]:
    """A file name for each request, made of the last parts of its path; no two the same."""
    taken: set[str] = {INDEX}
    for asked in requests:
        parts = [part for part in asked.path.split("/") if part][-3:]
        stem = "".join(s if s.isalnum() and s.isascii() else "_" for s in "_".join(parts))
        stem = stem.strip("_")[:60] or "answer"
        name, number = f"{stem}.json", 1
        while name in taken:
            number += 1
            name = f"{stem}_{number}.json"
        taken.add(name)
        yield name
