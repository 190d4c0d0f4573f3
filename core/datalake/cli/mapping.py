"""`datalake mapping`: what the canonical mapping says, where, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any, TypeVar

import click

from datalake_aggregation import Guard, Mapping, Member, Rule

from ..errors import ConfigError
from ..suggest import did_you_mean
from .mappings import mapping_options
from .output import format_option, print_json, print_rows

F = TypeVar("F", bound=Callable[..., Any])

#: Columns of tables that are not broken, so that they can be copied.
WHOLE = ("asset", "canonical_id", "column", "kind", "where")


@click.group("mapping")
def command() -> None:
    """Show, check and edit the canonical mapping.

    The mapping says which assets are one, and by what rule each column is folded.
    """


@command.command("show")
@click.argument("asset", nargs=-1)
@mapping_options
@format_option
def show(asset: tuple[str, ...], mapping: Mapping, form: str) -> None:
    """Show the mapping in force and where each entry stands; with an ASSET only its family.

    \b
    Examples:
      datalake mapping show
      datalake mapping show bitcoin weth
      datalake mapping show --format json
    """
    families = _families(mapping, asset)
    if form == "json":
        print_json(
            {
                "merge": mapping.merge,
                "guard": _guard(mapping.guard),
                "columns": _rules(mapping),
                "overrides": _overrides(mapping, {one for one, _ in families} if asset else None),
                "assets": [_entry(mapping, *one) for one in families],
                "native_ids": _native_ids(mapping, {one for one, _ in families} if asset else None),
            }
        )
        return
    if asset:
        for canonical in dict.fromkeys(one for one, _ in families):
            rows = [_member_row(mapping, member) for one, member in families if one == canonical]
            print_rows(rows, form, canonical, WHOLE)
        _print_overrides(mapping, {one for one, _ in families})
        return
    print_rows(_rules(mapping), form, "Columns", WHOLE)
    _print_overrides(mapping, None)
    print_rows(_grouped(mapping, families), form, "Assets", WHOLE)
    click.echo(f"Folded are {', '.join(mapping.merge)} variants. {_guarded(mapping.guard)}")


@command.command("explain")
@click.argument("asset")
@mapping_options
@format_option
def explain(asset: str, mapping: Mapping, form: str) -> None:
    """Say what becomes of one ASSET: of which canonical asset it is part, why, and by what rules.

    `datalake explain` does the same for one published number.

    \b
    Examples:
      datalake mapping explain wrapped-bitcoin
      datalake mapping explain lombard-staked-btc --format json
    """
    listed = _listed(mapping).get(asset)
    canonical = mapping.canonical_of(asset)
    why = _why(mapping, asset, listed)
    rules = [
        _rule(name, rule) for name in mapping.columns for rule in mapping.rules_for(name, canonical)
    ]
    if form == "json":
        print_json(
            {
                "asset": asset,
                "canonical_id": canonical,
                "kind": listed[1].kind if listed else "native",
                "where": str(listed[1].where) if listed else None,
                "why": why,
                "members": [member.asset for member in mapping.members(canonical)],
                "columns": rules,
                "native_ids": _native_ids(mapping, {asset}),
            }
        )
        return
    click.echo(why)
    print_rows(rules, form, f"How the columns of {canonical} come about", WHOLE)
    if names := _native_ids(mapping, {asset}):
        print_rows(names, form, "Providers' own names")


def _listed(mapping: Mapping) -> dict[str, tuple[str, Member]]:
    """Each asset that is listed as a variant, with the asset that it is listed under."""
    return {
        member.asset: (canonical, member)
        for canonical, members in mapping.variants.items()
        for member in members
    }


def _families(mapping: Mapping, assets: Sequence[str]) -> list[tuple[str, Member]]:
    """The entries of these assets' families (of all without any), in the order of the mapping."""
    listed = _listed(mapping)
    known = {*mapping.variants, *listed}
    for asset in assets:
        if asset not in known:
            hint = did_you_mean(asset, known) if len(asset) > 2 else ""
            near = hint if "did you mean" in hint else ""
            raise ConfigError(
                f"the mapping does not name {asset!r}{near}; such an asset is its own canonical one"
            )
    wanted = {listed[one][0] if one in listed else one for one in assets} or set(mapping.variants)
    return [one for one in listed.values() if one[0] in wanted]


def _entry(mapping: Mapping, canonical: str, member: Member) -> dict[str, Any]:
    return {
        "canonical_id": canonical,
        "kind": member.kind,
        "asset": member.asset,
        "folded": "yes" if member.kind in mapping.merge else "no",
        "where": str(member.where),
    }


def _member_row(mapping: Mapping, member: Member) -> dict[str, str]:
    own = "" if member.kind in mapping.merge else ", not folded"
    return {"asset": member.asset, "kind": f"{member.kind}{own}", "where": str(member.where)}


def _grouped(mapping: Mapping, families: list[tuple[str, Member]]) -> list[dict[str, Any]]:
    """One row for each asset and kind, placed at the first id of the list."""
    groups: dict[tuple[str, str], list[Member]] = {}
    for canonical, member in families:
        groups.setdefault((canonical, member.kind), []).append(member)
    return [
        {
            "canonical_id": canonical,
            "kind": kind,
            "where": str(members[0].where),
            "assets": [member.asset for member in members],
        }
        for (canonical, kind), members in groups.items()
    ]


def _rules(mapping: Mapping) -> list[dict[str, Any]]:
    return [_rule(name, rule) for name, rule in mapping.columns.items()]


def _rule(column: str, rule: Rule) -> dict[str, Any]:
    where = str(rule.where)
    return {"column": column, "rule": rule.text, "source": list(rule.source), "where": where}


def _overrides(mapping: Mapping, assets: Container[str] | None) -> list[dict[str, Any]]:
    """The rules that hold for single assets instead of the column's own."""
    return [
        {"canonical_id": asset, "column": column, "rule": rule.text, "where": str(rule.where)}
        for asset, columns in mapping.overrides.items()
        for column, rules in columns.items()
        for rule in rules
        if assets is None or asset in assets
    ]


def _print_overrides(mapping: Mapping, assets: Container[str] | None) -> None:
    if rows := _overrides(mapping, assets):
        print_rows(rows, "table", "Rules of single assets", WHOLE)


def _guard(guard: Guard) -> dict[str, Any]:
    facts = {"tolerance": guard.tolerance, "days": guard.days, "kinds": dict(guard.kinds)}
    return {**facts, "where": str(guard.where)}


def _guarded(guard: Guard) -> str:
    own = "".join(f", {tolerance:.1%} if {kind}" for kind, tolerance in guard.kinds.items())
    return (
        f"One that is further than {guard.tolerance:.1%} from native's price{own} on {guard.days} "
        f"days running is left out of sums ({guard.where})."
    )


def _native_ids(mapping: Mapping, assets: set[str] | None) -> list[dict[str, Any]]:
    return [
        {"dataset": dataset, "asset": asset, "native_id": name}
        for dataset, names in mapping.native_ids.items()
        for asset, name in names.items()
        if assets is None or asset in assets
    ]


def _why(mapping: Mapping, asset: str, listed: tuple[str, Member] | None) -> str:
    if listed:
        canonical, member = listed
        place = f"listed as {member.kind} under {canonical} ({member.where})"
        if member.kind in mapping.merge:
            return f"{asset} is folded into {canonical}: it is {place}"
        if member.kind == "staked":
            return (
                f"{asset} is an asset of its own: it is {place}, and staked ones are never folded"
            )
        return f"{asset} is an asset of its own: it is {place}, a kind that merge leaves out"
    variants = mapping.members(asset)[1:]
    if variants:
        return (
            f"{asset} is the native asset of a family: {len(variants)} variants are folded into it"
        )
    if reason := mapping.alone.get(asset):
        return f"{asset} is an asset of its own, and was left one on purpose: {reason}"
    return f"{asset} is an asset of its own: the mapping lists it nowhere as a variant"


from . import mapping_lake  # noqa: E402, F401  # its commands join the group
