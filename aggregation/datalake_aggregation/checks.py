"""What must hold between the entries of a mapping: no variant is native, each name is known."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType

from datalake_aggregation.document import Document
from datalake_aggregation.layers import Layer
from datalake_aggregation.mapping import FOLDABLE, Mapping, Member, Rule
from datalake_aggregation.problems import Findings, Place, suggestion

UNKNOWN = Place("mapping")
SHOWN = 6  # assets of a cycle that a message names


def check_graph(mapping: Mapping, findings: Findings) -> None:
    """Report variants that are natives themselves, and the cycles among them."""
    owners: dict[str, str] = {}
    places: dict[str, Place] = {}
    for canonical_id, member in _folded(mapping):
        owners[member.asset] = canonical_id
        places[member.asset] = member.where or UNKNOWN
    circular: set[str] = set()
    for cycle in _cycles(owners):
        circular.update(cycle)
        findings.add(places[cycle[0]], _say(cycle))
    for asset, canonical_id in owners.items():
        if asset in mapping.variants and asset not in circular:
            what = (
                f'"{asset}" is a variant of {canonical_id} here but has variants of its own; '
                f"list those under {canonical_id}, or remove {asset} here"
            )
            findings.add(places[asset], what)


def check_homes(base: Mapping, layer: Layer, document: Document, findings: Findings) -> None:
    """Report assets that a file gives variants although they are folded into another one: that
    would take them away from it, and nobody told. A file that means it says it of both."""
    said = {m.asset for kinds in layer.variants.values() for ms in kinds.values() for m in ms}
    for canonical_id, member in _folded(base):
        asset, kind = member.asset, member.kind
        unsaid = asset not in said and kind not in layer.variants.get(canonical_id, {})
        if asset in layer.variants and canonical_id not in said and unsaid:
            what = (
                f'"{asset}" is folded into {canonical_id} ({member.where or UNKNOWN}), and its own '
                f"variants with it; list them under {canonical_id}, or, to make {asset} an asset "
                f"of its own, repeat here what is {kind} of {canonical_id} without it, or list it "
                "there as staked"
            )
            findings.add(document.place(("assets", asset)), what)


def check_alone(layer: Layer, mapping: Mapping, document: Document, findings: Findings) -> None:
    """Report assets that a file calls assets of their own and that are folded all the same."""
    folded = {member.asset: (owner, member) for owner, member in _folded(mapping)}
    for asset, reason in layer.alone.items():
        if asset in folded:
            owner, member = folded[asset]
            ids = [entry.text for entry in document.content["alone"][reason]]
            what = (
                f'"{asset}" is folded into {owner} ({member.where or UNKNOWN}) and cannot be an '
                f"asset of its own, too; list it under {owner} as staked, or remove it here"
            )
            findings.add(document.place(("alone", reason, ids.index(asset))), what)


def check_columns(layer: Layer, mapping: Mapping, findings: Findings) -> None:
    """Report what a file's rules name and the mapping does not have: columns, assets to unify."""
    for name, rule in layer.columns.items():
        _check_reads(name, rule, mapping, findings)
    for asset, columns in layer.overrides.items():
        for name, rules in columns.items():
            for rule in rules:
                _check_override(asset, name, rule, mapping, findings)
                _check_reads(name, rule, mapping, findings)


def _check_reads(name: str, rule: Rule, mapping: Mapping, findings: Findings) -> None:
    for read in rule.how.reads:
        if read not in mapping.columns and rule.how.share(name) == read:
            what = f'there is no column "{read}" to weigh by{suggestion(read, mapping.columns)}'
            findings.add(rule.where, what)


def _check_override(
    asset: str, name: str, rule: Rule, mapping: Mapping, findings: Findings
) -> None:
    canonical_id = mapping.canonical_of(asset)
    if name not in mapping.columns:
        what = f'there is no column "{name}"{suggestion(name, mapping.columns)}'
        findings.add(rule.where, what)
    if canonical_id != asset:
        what = f'"{asset}" is folded into {canonical_id}; write the rule for {canonical_id}'
        findings.add(rule.where, what)
    elif len(mapping.members(asset)) == 1:
        near = suggestion(asset, [one for one in mapping.variants if mapping.members(one)[1:]])
        what = f'"{asset}" has no variants, so that a rule of its own changes nothing'
        findings.add(rule.where, what + (near if "did you mean" in near else "; remove it"))


def _folded(mapping: Mapping) -> Iterator[tuple[str, Member]]:
    for canonical_id, members in mapping.variants.items():
        for member in members:
            if member.kind in FOLDABLE:
                yield canonical_id, member


def _cycles(owners: MappingType[str, str]) -> Iterator[list[str]]:
    """Follow each asset's owners upwards, every asset once; yield the rings that close."""
    seen: set[str] = set()
    for start in owners:
        asset, way = start, list[str]()
        while asset in owners and asset not in seen:
            seen.add(asset)
            way.append(asset)
            asset = owners[asset]
        if asset in way:
            yield way[way.index(asset) :]


def _say(cycle: list[str]) -> str:
    if len(cycle) == 1:
        return f'"{cycle[0]}" is listed as a variant of itself; remove it'
    ring = [*cycle[:SHOWN], *(["…"] if len(cycle) > SHOWN else []), cycle[0]]
    way = " is a variant of ".join(ring)
    return f"cycle: {way}; decide which one is native and remove the other entry"
