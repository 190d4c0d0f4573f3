"""A published number explained from the inputs of the run that published it, and recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from attrs import field, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ..errors import ConfigError
from ..plugins import Registry
from ..running.inputs import Input, Record, read, read_texts
from ..running.plan import feeds, folded_columns, output_columns
from ..running.restoring import restore
from ..stores import Store
from ..suggest import did_you_mean
from .cell import Cell, Making, refold
from .published import File, day_of, runs_of

#: Columns that decide on others: the guard and the first day go by prices, stand-ins by volume.
DECIDING = ("close", "volume")


@frozen
class Explained:
    """The cell as it is published and as it was recomputed; `inputs` are the series of its family
    that feed the column. `lost` says which of them the lake no longer has as the run had them. With
    `open_day` the day was not over, and its values are those of the run's snapshots."""

    canonical_id: str
    column: str
    day: date
    published: float | None
    cell: Cell
    inputs: Sequence[Input]
    run_id: str
    as_of: datetime
    open_day: bool = False
    lost: Mapping[str, str] = field(factory=dict)

    @property
    def equal(self) -> bool:
        """Whether the published value is what the recorded inputs make, to the last bit."""
        return not self.lost and self.published == self.cell.value


def explain(
    file: File, store: Store, registry: Registry, asset: str, column: str, day: date | None
) -> Explained:
    """Take the cell of an asset (or of what it is folded into), a column and a day apart.

    The newest day with a value where `day` is None. Raises ConfigError where the file has no such
    cell, or where nothing says any more what it was made of; StoreError.
    """
    file.check_column(column)
    record = record_of(file, store)
    mapping = read_texts(store, record).parse(registry.reducers)
    canonical = mapping.canonical_of(asset)
    rows = file.rows_of(canonical)
    known = [one.id for one in record.universe.assets]
    if not rows.height and canonical not in known:
        raise ConfigError(f"{file.place.url} has no rows of {canonical}{_near(canonical, known)}")
    asked_day = day or (day_of(rows, column) if rows.height else record.recipe.last_day)
    if asked_day > record.recipe.last_day:
        raise ConfigError(f"the last day of {file.place.url} is {record.recipe.last_day}")
    # a day of which nothing is known has no row
    of_day = rows.filter(rows["date"] == asked_day)
    published = of_day[column].item() if of_day.height else None
    family = {member.asset for member in mapping.members(canonical)}
    restored = restore(record, store, registry, family)
    deciding = [column, *(name for name in DECIDING if name in mapping.columns)]
    rule = mapping.rule_for(column, canonical, asked_day)
    concerned = family if rule.needs_members else {canonical}
    needed = {one.name for one in _feeding(record, mapping, concerned, deciding)}
    refolded = refold(restored.series, mapping, making(record, mapping))
    return Explained(
        canonical,
        column,
        asked_day,
        published,
        refolded.on(asked_day).cell(canonical, column),
        list(_feeding(record, mapping, family, [column])),
        record.run_id,
        record.recipe.as_of,
        asked_day == record.recipe.open_day,
        {one.name: one.reason for one in restored.lost if one.name in needed},
    )


def record_of(file: File, lake: Store) -> Record:
    """What the run that made the file was made of.

    Several runs may have made the same bytes; the first of which there is a record will do.
    """
    trouble: ConfigError | None = None
    for run_id in runs_of(file, lake):
        try:
            return read(lake, run_id)
        except ConfigError as error:
            trouble = trouble or error
    raise trouble or ConfigError(
        f"nothing says which run made {file.place.url}: neither its history, nor the report beside "
        f"it, nor one in {lake.url} is of this file"
    )


def _near(asset: str, known: Sequence[str]) -> str:
    hint = did_you_mean(asset, known)
    return hint if "did you mean" in hint else ": it was not in the universe of that run"


def making(record: Record, mapping: CanonicalMapping) -> Making:
    """How the run of a record made its rows, by the mapping that it went by."""
    recipe = record.recipe
    columns = output_columns(mapping, recipe.columns)
    prices = {feed.dataset for feed in feeds(mapping, columns) if feed.output == "close"}
    with_market = any(f"{one.provider}.{one.dataset}" in prices for one in record.series)
    return Making(columns, recipe.since or date.min, with_market, record.failed)


def _feeding(
    record: Record, mapping: CanonicalMapping, family: set[str], columns: Sequence[str]
) -> Iterator[Input]:
    """The series of the family that these columns come from, or are weighed by."""
    datasets = {feed.dataset for feed in feeds(mapping, folded_columns(mapping, columns))}
    for one in record.series:
        if one.asset in family and f"{one.provider}.{one.dataset}" in datasets:
            yield one
