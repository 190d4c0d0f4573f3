"""A published number explained from the inputs of the run that published it, and recomputed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial

from attrs import field, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ..errors import ConfigError
from ..plugins import Registry
from ..running.planning.plan import feeds, folded_columns, output_columns
from ..running.records.inputs import Input, Record, read, read_texts
from ..running.records.restoring import restore
from ..stores import Store
from ..suggest import did_you_mean
from .cell import Cell, Day, Making, Refolded, refold
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
    return inquire(file, store, registry).explain(asset, column, day)


def inquire(file: File, store: Store, registry: Registry) -> Inquiry:
    """Open a file to questions. Raises ConfigError where nothing says what it was made of."""
    record = record_of(file, store)
    mapping = read_texts(store, record).parse(registry.reducers)
    series: dict[str, list[Input]] = {}
    for one in record.series:
        series.setdefault(one.asset, []).append(one)
    return Inquiry(file, store, registry, record, mapping, series)


@frozen(eq=False)
class Inquiry:
    """A published file, and the lake that has what it was made of; `series` are by asset."""

    file: File
    store: Store
    registry: Registry
    record: Record
    mapping: CanonicalMapping
    series: Mapping[str, Sequence[Input]]

    def explain(self, asset: str, column: str, day: date | None) -> Explained:
        """As `explain` does."""
        self.file.check_column(column)
        canonical = self.mapping.canonical_of(asset)
        url, recipe = self.file.place.url, self.record.recipe
        rows = self.file.rows_of(canonical)
        known = [one.id for one in self.record.universe.assets]
        if not rows.height and canonical not in known:
            raise ConfigError(f"{url} has no rows of {canonical}{_near(canonical, known)}")
        asked_day = day or (day_of(rows, column) if rows.height else recipe.last_day)
        if asked_day > recipe.last_day:
            raise ConfigError(f"the last day of {url} is {recipe.last_day}")
        # a day of which nothing is known has no row
        of_day = rows.filter(rows["date"] == asked_day)
        published = of_day[column].item() if of_day.height else None
        return self.families([canonical]).on(asked_day)(canonical, column, published)

    def family(self, canonical: str) -> set[str]:
        """An asset and all that is folded into it."""
        return {member.asset for member in self.mapping.members(canonical)}

    def families(self, canonical: Iterable[str]) -> Families:
        """The families of canonical assets, folded anew from what the run used of their series."""
        members = {member for one in canonical for member in self.family(one)}
        restored = restore(self.record, self.store, self.registry, members)
        refolded = refold(restored.series, self.mapping, _making(self.record, self.mapping))
        return Families(self, refolded, {one.name: one.reason for one in restored.lost})

    def feeding(self, assets: Iterable[str], columns: Sequence[str]) -> Iterator[Input]:
        """The series of assets that these columns come from, or are weighed by."""
        fed = feeds(self.mapping, folded_columns(self.mapping, columns))
        datasets = {feed.dataset for feed in fed}
        for asset in sorted(assets):
            for one in self.series.get(asset, ()):
                if f"{one.provider}.{one.dataset}" in datasets:
                    yield one


@frozen(eq=False)
class Families:
    """Some families, folded anew; of the `lost` series the lake has no more what the run used."""

    inquiry: Inquiry
    refolded: Refolded
    lost: Mapping[str, str]

    def on(self, day: date) -> Callable[[str, str, float | None], Explained]:
        """What explains the cell of a canonical asset and column on that day, given the value that
        is published."""
        return partial(self._explained, self.refolded.on(day))

    def _explained(
        self, day: Day, canonical: str, column: str, published: float | None
    ) -> Explained:
        inquiry = self.inquiry
        family = inquiry.family(canonical)
        deciding = [column, *(name for name in DECIDING if name in inquiry.mapping.columns)]
        cell = day.cell(canonical, column)
        concerned = family if cell.rule.needs_members else {canonical}
        needed = {one.name for one in inquiry.feeding(concerned, deciding)} if self.lost else set()
        recipe = inquiry.record.recipe
        return Explained(
            canonical,
            column,
            day.date,
            published,
            cell,
            list(inquiry.feeding(family, [column])),
            inquiry.record.run_id,
            recipe.as_of,
            day.date == recipe.open_day,
            {name: self.lost[name] for name in needed & self.lost.keys()},
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


def _making(record: Record, mapping: CanonicalMapping) -> Making:
    """How the run of a record made its rows, by the mapping that it went by."""
    recipe = record.recipe
    columns = output_columns(mapping, recipe.columns)
    prices = {feed.dataset for feed in feeds(mapping, columns) if feed.output == "close"}
    with_market = any(f"{one.provider}.{one.dataset}" in prices for one in record.series)
    return Making(columns, recipe.since or date.min, with_market, record.failed)
