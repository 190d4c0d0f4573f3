"""The record of what a run was made of: it is enough to make the same rows again.

One object per run. Series lie in the cache already, so the record only says which rows of them were
used; the texts of mappings are kept once, under their sha256.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import asdict, field, fields_dict, frozen

from ...cache import SeriesKey
from ...cache.rows import first_day
from ...errors import ConfigError, Conflict, StoreError
from ...models import Window
from ...series.arrays import to_numpy
from ...stores import ABSENT, Store
from ..fetching.series import Series
from ..folding.recipe import Recipe
from ..planning.naming import series_key
from ..universe.assets import Universe
from ..universe.mapping import MappingTexts, digest

log = logging.getLogger(__name__)

INPUTS, MAPPINGS = "inputs/v1/", "mappings/v1/"
#: Where the parquet footer has what is not about a single series.
FOOTER = b"datalake.inputs"
#: A run of all assets has far fewer; what is larger is not ours.
MOST_SERIES, MOST_BYTES = 100_000, 64 << 20
_NUMPY = {"date32[day]": "i4", "double": "f8", "int64": "i8"}


@frozen(kw_only=True)
class Input:
    """What a run used of one series.

    `kept_as` is the name of the dataset in the cache. The days from `start` to before `end` and
    these `columns` were used, `rows` of them, and `fingerprint` is that of their values; the object
    was the one with this `sha256` and `generation` (None: it could not be written), its last row
    learnt at `learnt_at`. After `known_through` nothing was known although there was, or may be,
    more. `today` has the values of the open day, where there were any, as the JSON list of these
    columns: they are kept nowhere else.
    """

    provider: str
    dataset: str
    kept_as: str
    asset: str
    native_id: str | None
    how: Literal["cached", "fetched", "stood in", "missing"]
    start: date
    end: date
    columns: Sequence[str]
    rows: int
    fingerprint: str
    sha256: str | None
    learnt_at: datetime | None
    asked_at: datetime | None
    known_through: date | None
    today: str | None = None
    generation: str | None = None

    @property
    def name(self) -> str:
        """As people write a series."""
        return f"{self.provider}.{self.dataset}/{self.asset}"

    @property
    def key(self) -> SeriesKey:
        """Where the cache has it."""
        return SeriesKey(self.provider, self.kept_as, self.asset)

    @property
    def window(self) -> Window:
        """The days that were used."""
        return Window(self.start, self.end)


def learnt_through(inputs: Iterable[Input]) -> datetime | None:
    """When the newest row of all series was learnt; None where nobody knows."""
    return max((one.learnt_at for one in inputs if one.learnt_at), default=None)


@frozen(kw_only=True)
class Record:
    """What one run was made of. `mapping` are the sha256 of its texts, the shipped one first,
    `mapping_file` is the name of the second. `failed` says of columns that came out null what was
    wrong with the reducers that make them."""

    run_id: str
    recipe: Recipe
    universe: Universe
    mapping: Sequence[str]
    mapping_file: str
    versions: Mapping[str, str]
    series: Sequence[Input] = ()
    failed: Mapping[str, str] = field(factory=dict)


def input_of(series: Series) -> Input:
    """What is to be remembered of a series that a run used."""
    want, source = series.want, series.source
    return Input(
        provider=want.source.provider.name,
        dataset=want.dataset.name,
        kept_as=series_key(want).dataset,
        asset=want.asset.id,
        native_id=source.native_id if source else None,
        how=series.how,
        start=min(want.wanted.start, first_day(series.table) or date.max),
        end=want.wanted.end,
        columns=list(want.columns),
        rows=len(series.table),
        fingerprint=fingerprint(series.table),
        sha256=source.sha256 if source else None,
        learnt_at=source.learnt_at if source else None,
        asked_at=source.asked_at if source else None,
        known_through=series.known_through,
        today=today_of(series),
        generation=source.generation if source else None,
    )


def today_of(series: Series) -> str | None:
    """The values of its open day, exactly; None where it has none."""
    if series.today is None:
        return None
    (row,) = series.today.select(list(series.want.columns)).to_pylist()
    return json.dumps(list(row.values()))


def fingerprint(table: pa.Table) -> str:
    """A digest of the values alone, however they are laid out in memory."""
    found = sha256()
    for name in table.column_names:
        column = table[name]
        kind = str(column.type)
        found.update(f"{name} {kind} {len(column)}\n".encode())
        if kind in _NUMPY:
            values, valid = to_numpy(column, _NUMPY[kind])
            found.update(np.where(valid, values, 0).astype(values.dtype).tobytes())
            found.update(valid.tobytes())
        else:
            found.update(json.dumps(column.to_pylist()).encode())
    return found.hexdigest()[:32]


def keep(store: Store, record: Record, texts: MappingTexts) -> None:
    """Write the record, and the mapping's texts where they are not kept yet.

    A store that cannot be written costs only the record.
    """
    try:
        for name, text in texts.parts.items():
            with suppress(Conflict):
                store.put(f"{MAPPINGS}{name}.yaml", text, {}, if_generation=ABSENT)
        data = encode(record)
        metadata = {"sha256": digest(data), "series": str(len(record.series))}
        store.put(f"{INPUTS}{record.run_id}.parquet", data, metadata, if_generation=ABSENT)
    except StoreError as error:
        log.warning("what the run was made of is not recorded: %s", error)


def encode(record: Record) -> bytes:
    """One row for each series; the rest in the footer."""
    rows = [{**asdict(one), "columns": list(one.columns)} for one in record.series]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    rest = {name: getattr(record, name) for name in fields_dict(Record) if name != "series"}
    table = table.replace_schema_metadata({FOOTER: msgspec.json.encode(rest)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read(store: Store, run_id: str) -> Record:
    """The record of a run. Raises ConfigError where none is, or it is damaged or another's."""
    stored = store.get(f"{INPUTS}{run_id}.parquet")
    where = f"{store.url}/{INPUTS}{run_id}.parquet"
    if stored is None:
        raise ConfigError(
            f"{store.url} has no record of what run {run_id} was made of: it was pruned, or the run"
            " could not write there"
        )
    if digest(stored.data) != stored.metadata.get("sha256") or len(stored.data) > MOST_BYTES:
        raise ConfigError(f"{where} is damaged: its sha256 does not hold")
    try:
        record = _decoded(stored.data)
    except (pa.ArrowException, OSError, LookupError, ValueError, TypeError) as error:
        raise ConfigError(f"{where} cannot be read: {error!s:.200}") from error
    if record.run_id != run_id:
        raise ConfigError(f"{where} is the record of another run, {record.run_id}: it was copied")
    return record


def _decoded(data: bytes) -> Record:
    file = pq.ParquetFile(pa.BufferReader(data))
    if file.metadata.num_rows > MOST_SERIES:
        raise ValueError(f"it claims {file.metadata.num_rows} series")
    rest = msgspec.json.decode(file.metadata.metadata[FOOTER])
    rows = pl.DataFrame(pl.from_arrow(file.read())).to_dicts()
    lacking = {"today": None, "generation": None}  # of records that older versions wrote
    series = [Input(**{name: {**lacking, **row}[name] for name in _SCHEMA}) for row in rows]
    return Record(
        **{
            **rest,
            "recipe": msgspec.convert(rest["recipe"], Recipe),
            "universe": msgspec.convert(rest["universe"], Universe),
        },
        series=series,
    )


def read_texts(store: Store, record: Record) -> MappingTexts:
    """The mapping that the run went by. Raises ConfigError where a text is gone."""
    texts = [_text(store, name) for name in record.mapping]
    return MappingTexts(texts[0], texts[1] if len(texts) > 1 else None, record.mapping_file)


def _text(store: Store, name: str) -> bytes:
    key = f"{MAPPINGS}{name}.yaml"
    stored = store.get(key)
    if stored is None or digest(stored.data) != name:
        raise ConfigError(
            f"{store.url}/{key}, by which the run went, is {'damaged' if stored else 'gone'}"
        )
    return stored.data


_SCHEMA: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "dataset": pl.String(),
    "kept_as": pl.String(),
    "asset": pl.String(),
    "native_id": pl.String(),
    "how": pl.String(),
    "start": pl.Date(),
    "end": pl.Date(),
    "columns": pl.List(pl.String()),
    "rows": pl.Int64(),
    "fingerprint": pl.String(),
    "sha256": pl.String(),
    "learnt_at": pl.Datetime("us", "UTC"),
    "asked_at": pl.Datetime("us", "UTC"),
    "known_through": pl.Date(),
    "today": pl.String(),
    "generation": pl.String(),
}
