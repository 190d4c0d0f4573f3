"""The canonical mapping as values: which assets are one, and how each column is folded."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from attrs import field, frozen

from datalake_aggregation.problems import Place
from datalake_aggregation.rules import How

NATIVE = "native"
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
    """When a variant is taken to have lost its peg: `tolerance` (0.05 is 5 %) on `days` days."""

    tolerance: float = 0.05
    days: int = 3
    where: Place | None = field(default=None, eq=False, repr=False)


@frozen
class Rule:
    """How one output column comes about.

    `source` are "provider.dataset.column" names, the first that has a value counts; `how` decides
    which members enter the fold; `text` and `where` say how the rule is written, and where.
    """

    source: tuple[str, ...]
    how: How
    where: Place = field(eq=False)

    @property
    def text(self) -> str:
        return self.how.text

    @property
    def needs_members(self) -> bool:
        """Whether variants' values are needed, not only the native asset's."""
        return self.how.needs_members

    def relies_on(self, kind: str) -> bool:
        """Whether a cell is not to be trusted while a member of this kind could not be had."""
        return self.how.relies_on(kind)


@frozen
class Mapping:
    """Canonical assets with their variants, the rule of each column, and curated native ids.

    `variants` lists every kind, staked ones too; `merge` says which kinds are folded.
    `native_ids` is dataset → asset → the provider's own name, or None for "known not covered".
    """

    merge: tuple[str, ...]
    guard: Guard
    columns: MappingType[str, Rule]
    variants: MappingType[str, tuple[Member, ...]]
    native_ids: MappingType[str, MappingType[str, str | None]]
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
