"""What is published, or was, read by row groups: one asset's rows cost a few of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from ..cache.rows import EPOCH_DAY
from ..errors import ConfigError, StoreError
from ..models import Window
from ..names import KEYS
from ..publish.history import read_history
from ..publish.layout import DATA
from ..publish.place import Place
from ..publish.pointer import Entry, Pointer, version_key
from ..series.arrays import known, mask, to_strings
from ..series.stamps import MICROS_PER_DAY
from ..stores.ranges import open_ranges
from .series import SHOWN, Missing
from .wishes import Names, chosen_columns

ID = KEYS[1]


@frozen(kw_only=True)
class Part:
    """Which of the rows and columns are wanted; None means all."""

    assets: Sequence[str] | None
    window: Window
    columns: Names | None
    missing: Missing


def entry_at(place: Place, moment: datetime | None) -> Entry:
    """The publication that a reader found there at `moment` (None: finds there now). Raises
    ConfigError where there was none, or the history does not reach back so far."""
    pointer = read_history(place)
    if moment is None:
        return pointer.current
    for entry in pointer.history:
        if _since(entry, pointer) <= moment:
            return entry
    first = _since(pointer.history[-1], pointer)
    raise ConfigError(
        f"the history of {place.url} begins at {first:%Y-%m-%d %H:%MZ}, after "
        f"{moment:%Y-%m-%d %H:%MZ} (`history` of the section `publish` keeps more)"
    )


def _since(entry: Entry, pointer: Pointer) -> datetime:
    """Since when readers found it. In a simulated market that is the market's own time."""
    return entry.as_of if pointer.synthetic else entry.published_at


def read(place: Place, entry: Entry, part: Part) -> pa.Table:
    """The wanted rows of a publication. Raises ConfigError for assets that it does not have, unless
    they are to be skipped, and StoreError where the version is gone or damaged."""
    key, size = version_key(entry.version, DATA), entry.files[DATA].bytes
    where = f"version {entry.version} of {place.url}"
    try:
        with (
            open_ranges(place.store, key, size) as file,
            pq.ParquetFile(file, page_checksum_verification=True, pre_buffer=True) as parquet,
        ):
            names = parquet.schema_arrow.names
            columns = [*KEYS, *chosen_columns(part.columns, names, names)]
            groups = _groups(parquet.metadata, part.assets)
            table = parquet.read_row_groups(groups, columns=list(dict.fromkeys(columns)))
    except (pa.ArrowException, OSError, EOFError) as error:
        raise StoreError(f"{where} cannot be read: {error!s:.200}") from error
    if part.assets is not None and part.missing == "raise":
        _check(table, part.assets, where)
    return _wanted(table, part).combine_chunks()


def _groups(footer: pq.FileMetaData, assets: Sequence[str] | None) -> list[int]:
    """The row groups that may hold one of the assets, by their statistics."""
    groups = range(footer.num_row_groups)
    if assets is None:
        return list(groups)
    column = footer.schema.names.index(ID)

    def may(group: int) -> bool:
        found = footer.row_group(group).column(column).statistics
        if found is None or not found.has_min_max:
            return True
        return any(found.min <= asset <= found.max for asset in assets)

    return [group for group in groups if may(group)]


def _check(table: pa.Table, assets: Sequence[str], where: str) -> None:
    there = set(pc.unique(table[ID]).to_pylist())
    lacking = [asset for asset in assets if asset not in there]
    if lacking:
        told = ", ".join(lacking[:SHOWN]) + (", …" if len(lacking) > SHOWN else "")
        raise ConfigError(f"{where} has no rows of {told} (missing='skip' goes on without)")


def _wanted(table: pa.Table, part: Part) -> pa.Table:
    moments = known(table[KEYS[0]], "i8")
    first, end = (
        (day.toordinal() - EPOCH_DAY) * MICROS_PER_DAY
        for day in (part.window.start, part.window.end)
    )
    table = table.filter(mask((moments >= first) & (moments < end)))
    if part.assets is None:
        return table
    return table.filter(pc.is_in(table[ID], value_set=to_strings(part.assets)))
