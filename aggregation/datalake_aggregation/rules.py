"""The rules a column can have: each says which members' values enter a cell, and how they make it.

The rows that a rule looks at carry the numbers of their cell (`_cell`) and of themselves (`_row`,
in order of a cell's members in the mapping), `_kind`, `_excluded` (by the de-peg guard) and, for
rules that have stand-ins, a flag on them: names that no column of a mapping has.
All is said in expressions that every engine understands: figures of single rows, brought together
by sum, max or min, and a cell made of those. Nothing known makes null, never 0. Only a reducer
of a plugin is not bound to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import narwhals.stable.v2 as nw
from attrs import field, frozen

from datalake_aggregation.engines import Frame

KEYS = ["date", "canonical_id"]
#: One number for both keys, and one for a row: every engine joins and groups by those faster.
CELL, ROW = "_cell", "_row"
NATIVE = "native"
LARGEST_VOLUME = "largest-volume"
MEMBERS = "members"

#: A reducer of a plugin: from rows and a column's name to rows of date, canonical_id and it.
Reducer = Callable[[Any, str], Any]


@frozen
class Part:
    """A figure of the rows of one cell: `values` brought together by "sum", "max" or "min"."""

    by: str
    values: nw.Expr


class How(Protocol):
    """What a rule must be able to say of itself."""

    @property
    def text(self) -> str:
        """The rule as it is written in YAML, without its source."""

    @property
    def needs_members(self) -> bool:
        """Whether variants' values are needed, not only the native asset's."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The other columns whose values are looked at."""

    def relies_on(self, kind: str) -> bool:
        """Whether a cell is wrong, not only missing, while a member of this kind is not had."""

    def share(self, column: str) -> str:
        """Name the column that tells how much a member has to say in a cell of `column`."""

    def stands_in(self, rows: Frame, column: str) -> Frame | None:
        """Return the rows to be flagged `picked(column)`; None if the rule has no stand-ins."""

    def enters(self, column: str) -> nw.Expr:
        """Return the condition that a row's value of `column` enters its cell."""

    def parts(self, column: str, value: nw.Expr) -> Mapping[str, Part]:
        """Return the figures that the cell is made of; `value` is null where it does not enter."""

    def cell(self, part: Callable[[str], nw.Expr]) -> nw.Expr:
        """Return the cell, of the figures by their names in `parts`."""


def picked(column: str) -> str:
    """Return the name of the flag on the one row that stands in for native's value."""
    return f"picked {column}"


def _is_native() -> nw.Expr:
    return nw.col("_kind") == NATIVE


class _OneValue:
    """What most rules have in common: the value that enters, or the largest of those, is it."""

    needs_members = True

    @property
    def reads(self) -> tuple[str, ...]:
        return ()

    def relies_on(self, kind: str) -> bool:
        return True

    def share(self, column: str) -> str:
        return column

    def stands_in(self, rows: Frame, column: str) -> Frame | None:
        return None

    def enters(self, column: str) -> nw.Expr:
        return ~nw.col("_excluded")

    def parts(self, column: str, value: nw.Expr) -> Mapping[str, Part]:
        return {"largest": Part("max", value)}

    def cell(self, part: Callable[[str], nw.Expr]) -> nw.Expr:
        return part("largest")


class _Sum(_OneValue):
    def parts(self, column: str, value: nw.Expr) -> Mapping[str, Part]:
        return {"sum": Part("sum", value)}

    def cell(self, part: Callable[[str], nw.Expr]) -> nw.Expr:
        return part("sum")


@frozen
class Native(_OneValue):
    """The native asset's value, and nothing else."""

    text = "{from: native}"
    needs_members = False

    def enters(self, column: str) -> nw.Expr:
        return _is_native()

    def relies_on(self, kind: str) -> bool:
        return False


@frozen
class NativeElseLargestVolume(_OneValue):
    """The native asset's value; without one, that of the variant with the largest volume."""

    text = "{from: native, else: largest-volume}"

    @property
    def reads(self) -> tuple[str, ...]:
        return ("volume",)

    def stands_in(self, rows: Frame, column: str) -> Frame:
        known = rows.filter(~nw.col(column).is_null())
        others = known.filter(~_is_native() & ~nw.col("_excluded"))
        has_volume = "volume" in rows.collect_schema().names()
        volume = nw.col("volume").fill_null(-1.0) if has_volume else nw.lit(-1.0)
        return (
            others.join(known.filter(_is_native()).select(CELL), on=CELL, how="anti")
            .with_columns((0.0 - volume).alias("_rank"))  # the largest comes first
            .unique(subset=[CELL], keep="first", order_by=["_rank", ROW])
        )

    def enters(self, column: str) -> nw.Expr:
        return _is_native() | nw.col(picked(column))

    def relies_on(self, kind: str) -> bool:
        # a variant stands in where native has no price, not where native's could not be had
        return kind == NATIVE


@frozen
class NativePlus(_Sum):
    """What is known of the native asset and of the variants of some kinds, added up."""

    kinds: tuple[str, ...]

    @property
    def text(self) -> str:
        kinds = self.kinds[0] if len(self.kinds) == 1 else f"[{', '.join(self.kinds)}]"
        return f"{{from: native, plus: {kinds}}}"

    def enters(self, column: str) -> nw.Expr:
        return nw.col("_kind").is_in([NATIVE, *self.kinds])

    def relies_on(self, kind: str) -> bool:
        return kind == NATIVE or kind in self.kinds


@frozen
class SumOfMembers(_Sum):
    """All members' values added up, those excluded by the guard left out."""

    text = "{sum: members}"


@frozen
class MaxOfMembers(_OneValue):
    """The largest of the members' values, those excluded by the guard left out."""

    text = "{max: members}"


@frozen
class MeanOfMembers(_OneValue):
    """The mean of the members' values, weighted by their values of another column.

    Members that the guard excludes, or whose weight is unknown or not above 0, are left out;
    where that leaves none, the native asset's value stands in.
    """

    weight: str

    @property
    def text(self) -> str:
        return f"{{mean: members, weight: {self.weight}}}"

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.weight,)

    def share(self, column: str) -> str:
        return self.weight

    def _weighted(self) -> nw.Expr:
        return ~nw.col("_excluded") & (nw.col(self.weight) > 0).fill_null(False)

    def stands_in(self, rows: Frame, column: str) -> Frame:
        known = rows.filter(~nw.col(column).is_null())
        weighted = known.filter(self._weighted()).select(CELL).unique()
        return known.filter(_is_native()).join(weighted, on=CELL, how="anti")

    def enters(self, column: str) -> nw.Expr:
        return self._weighted() | nw.col(picked(column))

    def parts(self, column: str, value: nw.Expr) -> Mapping[str, Part]:
        weight = nw.when(nw.col(picked(column))).then(nw.lit(1.0)).otherwise(nw.col(self.weight))
        return {
            "highest": Part("max", value),
            "lowest": Part("min", value),
            "weighted": Part("sum", value * weight),
            "weight": Part("sum", nw.when(~value.is_null()).then(weight)),
        }

    def cell(self, part: Callable[[str], nw.Expr]) -> nw.Expr:
        # one value, or several that are equal, is its own mean: no rounding may touch it
        mean = part("weighted") / part("weight")
        return nw.when(part("highest") > part("lowest")).then(mean).otherwise(part("highest"))


@frozen
class Reduce(_OneValue):
    """What a plugin's reducer makes of the members' values, those of excluded ones left out."""

    name: str
    reducer: Reducer = field(eq=False, repr=False)

    @property
    def text(self) -> str:
        return f"{{reduce: {self.name}, of: members}}"
