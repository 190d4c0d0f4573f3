"""One mapping file as a layer: its entries, and how they are laid over those of another."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from datalake_aggregation.mapping import FOLDABLE, Guard, Mapping, Member, Overrides, Rule

T = TypeVar("T")
Entries = MappingType[str, MappingType[str, T]]

BARE = Mapping(merge=FOLDABLE, guard=Guard(), columns={}, variants={}, native_ids={})


@frozen
class Layer:
    """What one file says, and nothing that it leaves out."""

    merge: tuple[str, ...] | None = None
    guard: dict[str, Any] = field(factory=dict)  # the fields of Guard that are given
    columns: dict[str, Rule] = field(factory=dict)
    variants: dict[str, dict[str, tuple[Member, ...]]] = field(factory=dict)  # by asset and kind
    alone: dict[str, str] = field(factory=dict)
    native_ids: dict[str, dict[str, str | None]] = field(factory=dict)
    overrides: Overrides = field(factory=dict)


def lay_over(base: Mapping, layer: Layer) -> Mapping:
    """Replace entry by entry; an id that the layer names leaves its former place."""
    return Mapping(
        merge=base.merge if layer.merge is None else layer.merge,
        guard=_lay_guard(base.guard, layer.guard),
        columns={**base.columns, **layer.columns},
        variants=_lay_variants(base, layer),
        native_ids=_lay_entries(base.native_ids, layer.native_ids),
        overrides=_lay_entries(base.overrides, layer.overrides),
        alone={**base.alone, **layer.alone},
    )


def _lay_guard(base: Guard, given: dict[str, Any]) -> Guard:
    """Replace what is given; one tolerance for all kinds replaces those of single kinds, too."""
    if "tolerance" in given:
        return evolve(base, **{"kinds": {}, **given})
    return evolve(base, **{**given, "kinds": {**base.kinds, **given.get("kinds", {})}})


def _lay_entries(base: Entries[T], layer: Entries[T]) -> dict[str, dict[str, T]]:
    """Replace the entries of each group one by one; groups and entries keep their order."""
    laid = {name: dict(entries) for name, entries in base.items()}
    for name, entries in layer.items():
        laid[name] = {**laid.get(name, {}), **entries}
    return laid


def _lay_variants(base: Mapping, layer: Layer) -> dict[str, tuple[Member, ...]]:
    named = {m.asset for kinds in layer.variants.values() for ms in kinds.values() for m in ms}
    named.update(layer.variants)
    laid = {
        asset: tuple(
            member
            for member in members
            if member.asset not in named and member.kind not in layer.variants.get(asset, {})
        )
        for asset, members in base.variants.items()
    }
    for asset, kinds in layer.variants.items():
        new = tuple(member for members in kinds.values() for member in members)
        laid[asset] = laid.get(asset, ()) + new
    return {asset: members for asset, members in laid.items() if members}
