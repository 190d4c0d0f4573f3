"""The cells of canonical assets: the rules of all columns, brought together in one grouping."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import reduce
from operator import or_

import narwhals.stable.v2 as nw
from attrs import frozen

from datalake_aggregation.days import day_number
from datalake_aggregation.engines import Frame, in_order
from datalake_aggregation.mapping import Mapping, Rule
from datalake_aggregation.reducing import reduced
from datalake_aggregation.rules import CELL, KEYS, ROW, How, Part, Reduce, picked
from datalake_aggregation.summing import sums


@frozen
class Term:
    """One rule of a column; `holds` is the condition that it is the one for a row, if not all."""

    column: str
    how: How
    name: str
    holds: nw.Expr | None

    def enters(self) -> nw.Expr:
        """Return the condition that a row's value enters its cell by this rule."""
        enters = self.how.enters(self.column)
        return enters if self.holds is None else self.holds & enters

    def among(self, rows: Frame) -> Frame:
        """Return the rows for which the rule holds."""
        return rows if self.holds is None else rows.filter(self.holds)

    def parts(self) -> dict[str, Part]:
        """Return the figures of this rule, by names that no other has; a reducer needs none."""
        if isinstance(self.how, Reduce):
            return {}
        value = nw.when(self.enters()).then(nw.col(self.column))
        parts = self.how.parts(self.column, value)
        return {self.part_name(name): part for name, part in parts.items()}

    def part_name(self, part: str) -> str:
        return f"{self.name} {part}"

    @property
    def calculates(self) -> bool:
        """Whether the cell may be none of the values that enter it."""
        return isinstance(self.how, Reduce) or any(p.by == "sum" for p in self.parts().values())

    def cell(self) -> nw.Expr:
        """Return the cell by this rule, null where it does not hold."""
        if isinstance(self.how, Reduce):
            return nw.col(self.part_name("own"))
        return self.how.cell(lambda part: nw.col(self.part_name(part)))


def terms_of(column: str, mapping: Mapping, among: Container[str]) -> list[Term]:
    """Return the rules of a column: its own, and those that hold for one of these assets."""
    rules: dict[How, list[nw.Expr]] = {}
    for canonical_id, overrides in mapping.overrides_of(column).items():
        for rule in overrides if canonical_id in among else ():
            rules.setdefault(rule.how, []).append(_holds(canonical_id, rule))
    places = [reduce(or_, held) for held in rules.values()]
    base = ~reduce(or_, places) if places else None
    hows = [(mapping.columns[column].how, base), *zip(rules, places, strict=True)]
    return [Term(column, how, f"{column} {n}", holds) for n, (how, holds) in enumerate(hows)]


def _holds(canonical_id: str, rule: Rule) -> nw.Expr:
    here = nw.col("canonical_id") == canonical_id
    if rule.since:
        here = here & (day_number() >= rule.since.toordinal())
    if rule.until:
        here = here & (day_number() <= rule.until.toordinal())
    return here


def check_reads(terms: Iterable[Term], columns: Sequence[str]) -> None:
    """Raise ValueError for a rule that weighs by a column that the frame does not have."""
    for term in terms:
        weight = term.how.share(term.column)
        if weight not in columns:
            raise ValueError(
                f'the rule of "{term.column}", {term.how.text}, needs the column "{weight}", which '
                "the frame does not have; add it"
            )


def with_stand_ins(rows: Frame, terms: Iterable[Term]) -> Frame:
    """Flag, for each column whose rules have some, the rows that stand in for native's value."""
    ready = rows
    for column, group in by_column(terms).items():
        # among the rows as they came: a lazy engine would else do all columns' work for each
        found = [term.how.stands_in(term.among(rows), column) for term in group]
        chosen = [some.select(ROW) for some in found if some is not None]
        if chosen:
            ready = flagged(ready, nw.concat(chosen), picked(column))
    return ready


def flagged(rows: Frame, chosen: Frame, flag: str) -> Frame:
    """Add a column that is true on the rows that are among the chosen ones."""
    marks = chosen.select(ROW, nw.lit(True).alias(flag))
    marked = rows.join(marks, on=ROW, how="left")
    return marked.with_columns(~nw.col(flag).is_null())


def cells(rows: Frame, terms: Sequence[Term]) -> Frame:
    """Group by canonical asset and day; what nothing known makes is null, not 0."""
    parts = {name: part for term in terms for name, part in term.parts().items()}
    values = (part.values.alias(name) for name, part in parts.items())
    # older Polars know no largest of an Enum, and say null
    owner = nw.col("canonical_id").cast(nw.String)
    figures = in_order(rows.select(CELL, "date", owner, *values), CELL)
    added = [name for name, part in parts.items() if part.by == "sum"]
    found = figures.group_by(CELL).agg(
        *(nw.col(key).max() for key in KEYS),  # the same on all rows of a cell
        *(getattr(nw.col(name), part.by)() for name, part in parts.items() if part.by != "sum"),
    )
    if added:
        found = found.join(sums(figures, [CELL], added), on=CELL, how="left")
    for term in terms:
        if isinstance(term.how, Reduce):
            own = reduced(term.among(rows).filter(term.enters()), term.column, term.how)
            own = own.rename({term.column: term.part_name("own")})
            found = found.join(own, on=KEYS, how="left")
    columns = by_column(terms)
    made = found.select(
        *KEYS,
        *(
            nw.coalesce(*(term.cell() for term in group)).alias(column)
            for column, group in columns.items()
        ),
    )
    # what grows beyond all numbers, or is none to a reducer, is not known
    return made.with_columns(
        nw.when(nw.col(column).is_finite()).then(nw.col(column)).alias(column)
        for column, group in columns.items()
        if any(term.calculates for term in group)
    )


def any_enters(terms: Iterable[Term]) -> nw.Expr:
    """Return the condition that a row's value enters its cell by one of these rules."""
    return reduce(or_, [term.enters() for term in terms])


def by_column(terms: Iterable[Term]) -> dict[str, list[Term]]:
    """Return the terms of each column, in their order."""
    groups: dict[str, list[Term]] = {}
    for term in terms:
        groups.setdefault(term.column, []).append(term)
    return groups
