"""The canonical mapping as values: which assets are one, and how each column is folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingType
from datetime import date, timedelta

from attrs import evolve, field, frozen

from datalake_aggregation.problems import Place
from datalake_aggregation.rules import NATIVE, How, Native

DAY = timedelta(days=1)
FOLDABLE = ("wrapped", "bridged", "migrated")  # one to one with the native asset
KINDS = (*FOLDABLE, "staked")  # staked ones gain value: listed, never folded


@frozen
class Member:
    """An asset as part of a canonical asset; `kind` is "native" or one of KINDS."""

    asset: str
    kind: str
    where: Place | None = field(default=None, eq=False, repr=False)


@frozen
class Guard:
    """When a variant is taken to have lost its peg: beyond a tolerance on `days` days running.

    `tolerance` is a part of native's price (0.05 is 5 %); `kinds` has those of kinds of variants
    that differ from it.
    """

    tolerance: float = 0.05
    days: int = 3
    kinds: MappingType[str, float] = field(factory=dict)
    where: Place | None = field(default=None, eq=False, repr=False)

    def tolerance_of(self, kind: str) -> float:
        """Return the tolerance for variants of that kind."""
        return self.kinds.get(kind, self.tolerance)


@frozen
class Rule:
    """How one output column comes about.

    `source` are "provider.dataset.column" names, the first that has a value counts; `how` decides
    which members enter the fold; `where` says where the rule is written. A rule for one asset has
    the first and the last day on which it holds; None is no bound.
    """

    source: tuple[str, ...]
    how: How
    where: Place = field(eq=False, repr=False)
    since: date | None = None
    until: date | None = None

    @property
    def text(self) -> str:
        """The rule as it is written in YAML, without its source."""
        bounds = (("since", self.since), ("until", self.until))
        words = [self.how.text[1:-1], *(f"{word}: {day}" for word, day in bounds if day)]
        return f"{{{', '.join(words)}}}"

    @property
    def needs_members(self) -> bool:
        """Whether variants' values are needed, not only the native asset's."""
        return self.how.needs_members

    def relies_on(self, kind: str) -> bool:
        """Whether a cell is not to be trusted while a member of this kind could not be had."""
        return self.how.relies_on(kind)

    def share(self, column: str) -> str:
        """Name the column that tells how much a member has to say in a cell of `column`."""
        return self.how.share(column)

    def holds_on(self, day: date) -> bool:
        """Whether the day is within the rule's bounds."""
        return (self.since or date.min) <= day <= (self.until or date.max)


Overrides = MappingType[str, MappingType[str, tuple[Rule, ...]]]  # by asset and column


@frozen
class Mapping:
    """Canonical assets with their variants, the rule of each column, and curated native ids.

    `variants` lists every kind, staked ones too; `merge` says which kinds are folded.
    `overrides` is asset → column → rules that hold for this asset instead of the column's own.
    `native_ids` is dataset → asset → the provider's own name, or None for "known not covered".
    `alone` says of assets that look like variants why they were left assets of their own.
    """

    merge: tuple[str, ...]
    guard: Guard
    columns: MappingType[str, Rule]
    variants: MappingType[str, tuple[Member, ...]]
    native_ids: MappingType[str, MappingType[str, str | None]]
    overrides: Overrides = field(factory=dict)
    alone: MappingType[str, str] = field(factory=dict)
    _canonical: dict[str, str] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        merged = {
            member.asset: canonical_id
            for canonical_id, variants in self.variants.items()
            for member in variants
            if member.kind in self.merge
        }
        object.__setattr__(self, "_canonical", merged)

    def canonical_of(self, asset: str) -> str:
        """Return the canonical asset of `asset`: itself when it is not folded into another."""
        return self._canonical.get(asset, asset)

    def members(self, canonical_id: str) -> tuple[Member, ...]:
        """Return the members that are folded into a canonical asset: the native one first."""
        variants = self.variants.get(canonical_id, ())
        return (
            Member(canonical_id, NATIVE),
            *(member for member in variants if member.kind in self.merge),
        )

    def overrides_of(self, column: str) -> dict[str, tuple[Rule, ...]]:
        """Return, by canonical asset, the rules that hold for it instead of the column's own."""
        return {
            asset: columns[column] for asset, columns in self.overrides.items() if column in columns
        }

    def rule_for(self, column: str, canonical_id: str, day: date) -> Rule:
        """Return the rule by which that cell comes about."""
        for rule in self.rules_for(column, canonical_id):
            if rule.holds_on(day):
                return rule
        raise KeyError(column)

    def rules_for(self, column: str, canonical_id: str, since: date = date.min) -> Iterator[Rule]:
        """Yield the rules that hold for an asset on a day from `since` on, the usual one last."""
        usual = self.columns[column]
        free: date | None = since  # the first day on which no rule of its own holds so far
        for rule in self.overrides.get(canonical_id, {}).get(column, ()):
            if (rule.until or date.max) >= since:
                yield evolve(rule, source=usual.source)
                if free and rule.holds_on(free):
                    free = rule.until + DAY if rule.until and rule.until < date.max else None
        if free:
            yield usual

    def needs_members(self, column: str, canonical_id: str, among: Iterable[str]) -> bool:
        """Whether rules of the columns `among` need an asset's variants' values of `column`.

        Wherever members are folded, the guard needs their prices.
        """
        return any(
            rule.needs_members and column in (name, *rule.how.reads, "close")
            for name in among
            for rule in self.rules_for(name, canonical_id)
        )

    def natively(self, column: str) -> Mapping:
        """Return the mapping with that column from the native asset alone."""
        rule = evolve(self.columns[column], how=Native())
        others = {
            asset: {name: rules for name, rules in columns.items() if name != column}
            for asset, columns in self.overrides.items()
        }
        return evolve(self, columns={**self.columns, column: rule}, overrides=others)
