"""What is doubtful about a mapping that can be loaded: each finding with its line and a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Set
from typing import Literal

from attrs import frozen

from datalake_aggregation import Mapping, Member, Place, Rule

from ..plugins import Registry
from ..running.planning.plan import unknown_sources
from .catalogue import Catalogue
from .prices import Prices

Level = Literal["error", "warning"]
SHIPPED = Place("canonical_mapping.yaml")


@frozen
class Finding:
    """`where` it stands, what is wrong, and `todo`, what to do about it."""

    level: Level
    where: Place
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.where}: {self.level}: {self.what}; {self.todo}"


@frozen
class Known:
    """What there is to hold a mapping against: the provider's list of coins, the assets that the
    lake holds prices of, and those prices; each only if it could be had. A simulated market has but
    some of the coins: the ids that `exist` all the same are none that nobody knows."""

    catalogue: Catalogue | None = None
    held: Set[str] = frozenset()
    prices: Prices | None = None
    exist: Set[str] = frozenset()


def lint(mapping: Mapping, known: Known, file: str | None = None) -> list[Finding]:
    """The findings, in order of lines. With `file` only that file's own entries are looked at, and
    what is plainly wrong in them is an error; in the shipped mapping it is a warning, since its
    reader can but lay another file over it."""
    level: Level = "error" if file else "warning"
    checks: list[Callable[[str, Member], Finding | None]] = []
    if known.catalogue:
        coins = known.catalogue
        checks.append(lambda canonical, member: _unknown(member, coins, known, level))
    checks.append(lambda canonical, member: _no_data(canonical, member, known))
    if known.prices:
        prices = known.prices
        checks.append(lambda canonical, member: _apart(canonical, member, mapping, prices, level))
    found = [
        finding
        for canonical, member in [*_entries(mapping, file), *_heads(mapping, file)]
        for check in checks
        if (finding := check(canonical, member))
    ]
    if known.catalogue:
        found += _natives(mapping, known.catalogue, file, level)
    found += _idle(mapping, file)
    return sorted(found, key=lambda one: (one.where, one.what))


def unoffered(mapping: Mapping, registry: Registry, file: str | None = None) -> Iterator[Finding]:
    """Sources of columns, and datasets with names of assets, that an installed provider does not
    have: no run would begin."""
    for where, what in unknown_sources(mapping, registry):
        place = where or (Place(file) if file else SHIPPED)
        if file is None or place.file == file:
            wrong, _, todo = what.rpartition("; ")
            yield Finding("error" if file else "warning", place, wrong, todo)


def _entries(mapping: Mapping, file: str | None) -> Iterator[tuple[str, Member]]:
    """Every member that stands in the file, staked ones too, with its canonical asset."""
    for canonical, members in mapping.variants.items():
        for member in members:
            if file is None or _place(member).file == file:
                yield canonical, member


def _heads(mapping: Mapping, file: str | None) -> Iterator[tuple[str, Member]]:
    """Every asset that has members in the file, as the native one; it stands where they begin."""
    for canonical, members in mapping.variants.items():
        places = [_place(member) for member in members]
        if places and (file is None or places[0].file == file):
            yield canonical, Member(canonical, "native", places[0])


def _place(member: Member) -> Place:
    return member.where or SHIPPED


def _unknown(member: Member, catalogue: Catalogue, known: Known, level: Level) -> Finding | None:
    if member.asset in catalogue.coins or member.asset in known.exist:
        return None
    if member.kind == "migrated" and member.asset in known.held:
        return None  # an id that was left behind is retired one day; its history stays
    near = difflib.get_close_matches(member.asset, catalogue.coins, n=1, cutoff=0.9)
    todo = f'did you mean "{near[0]}"?' if near else "correct the id, or remove it"
    what = f'"{member.asset}" is not among the {len(catalogue.coins):,} coins of '
    return Finding(level, _place(member), f"{what}{catalogue.provider}", todo)


def _no_data(canonical: str, member: Member, known: Known) -> Finding | None:
    asked = canonical in known.held and member.kind != "staked"
    if not asked or member.asset in known.held:
        return None
    if known.catalogue and member.asset not in known.catalogue.coins:
        return None  # that has been said
    what = f'the lake holds prices of {canonical}, and none of "{member.asset}"'
    todo = "a run with this mapping fetches them; if it brings none, remove the id"
    return Finding("warning", _place(member), what, todo)


def _apart(
    canonical: str, member: Member, mapping: Mapping, prices: Prices, level: Level
) -> Finding | None:
    if member.kind not in mapping.merge:
        return None
    found = prices.likeness(member.asset, canonical)
    if found is None or abs(found.ratio - 1) <= mapping.guard.tolerance_of(member.kind):
        return None
    what = (
        f'"{member.asset}" stands at {found.ratio:.3f} of the price of {canonical} (median of '
        f"{found.days} days to {found.through}), but {member.kind} means one to one"
    )
    todo = "list it under staked, or remove it"
    return Finding(level, _place(member), what, todo)


def _idle(mapping: Mapping, file: str | None) -> Iterator[Finding]:
    """Rules that add members of a kind which is folded nowhere, or not into the asset they are for:
    they load, and change nothing."""
    rules: list[tuple[str | None, str, Rule]] = [
        (None, column, rule) for column, rule in mapping.columns.items()
    ]
    for asset, columns in mapping.overrides.items():
        rules += [(asset, column, rule) for column, ones in columns.items() for rule in ones]
    for owner, column, rule in rules:
        among = mapping.variants if owner is None else (owner,)
        there = {member.kind for one in among for member in mapping.members(one)}
        idle = [kind for kind in getattr(rule.how, "kinds", ()) if kind not in there]
        if idle and (file is None or rule.where.file == file):
            whose = f"{owner} has" if owner else "the mapping folds"
            what = f"the rule of {column} adds {' and '.join(idle)} variants, and {whose} none"
            todo = "list them, put the kind under merge, or leave it out of the rule"
            yield Finding("warning", rule.where, what, todo)


def _natives(
    mapping: Mapping, catalogue: Catalogue, file: str | None, level: Level
) -> Iterator[Finding]:
    """Natives that the provider takes for a token of another asset."""
    listed = {
        member.asset: member.kind for members in mapping.variants.values() for member in members
    }
    for canonical, members in mapping.variants.items():
        entry = catalogue.coins.get(canonical)
        folded = [member for member in members if member.kind in mapping.merge]
        if entry is None or not folded or listed.get(canonical) == "staked":
            continue  # a staked token is an asset of its own, and may have bridged variants
        where = _place(folded[0])
        groups = sorted(entry.groups - {"staked"})
        if (file and where.file != file) or not (groups or entry.secondary):
            continue
        says = f"files it under {', '.join(groups)}" if groups else "leaves it out of its list"
        what = f'"{canonical}" is native here, but {catalogue.provider} {says}'
        todo = "list its variants under the asset that it stands for, or list it there as staked"
        yield Finding(level, where, what, todo)
