"""From a document to a layer: every section read strictly, every mistake noted with its line."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

from attrs import frozen

from datalake_aggregation.columns import Mistake, Reducers, column_rule, override_rule
from datalake_aggregation.document import Document, Path
from datalake_aggregation.layers import Layer
from datalake_aggregation.mapping import FOLDABLE, Member, Rule
from datalake_aggregation.problems import Findings, Place, suggestion
from datalake_aggregation.schema import (
    ColumnEntry,
    GuardEntry,
    Kind,
    NativeId,
    OverrideEntry,
    Texts,
    take,
)

VERSION = 1
SECTIONS = ("version", "merge", "guard", "columns", "assets", "alone", "overrides", "native_ids")


def read_layer(document: Document, reducers: Reducers, findings: Findings) -> Layer:
    """Read every entry of a file; those with a mistake are added to `findings` and left out."""
    if not isinstance(document.content, dict):
        findings.stop(document.place(()), "a mapping begins with keys; start with 'version: 1'")
    reader = _Reader(document, reducers, findings)
    reader.check_sections()
    return Layer(
        merge=reader.merge(),
        guard=reader.guard(),
        columns=reader.columns(),
        variants=reader.variants(),
        alone=reader.alone(),
        overrides=reader.overrides(),
        native_ids=reader.native_ids(),
    )


@frozen
class _Reader:
    document: Document
    reducers: Reducers
    findings: Findings

    def check_sections(self) -> None:
        for key in self.document.content:
            if key not in SECTIONS:
                self.note((key,), f'unknown key "{key}"{suggestion(key, SECTIONS)}')
        if "version" not in self.document.content:
            self.note((), f"the version is missing; begin with 'version: {VERSION}'")
        elif self.take(("version",), int) not in (None, VERSION):
            what = f"this version is not known; write version: {VERSION}, or update datalake"
            self.note(("version",), what)

    def merge(self) -> tuple[str, ...] | None:
        if "merge" not in self.document.content:
            return None
        kinds: tuple[str, ...] = self.take(("merge",), Texts) or ()
        for position, kind in enumerate(kinds):
            if kind == "staked":
                what = "staked variants are not one to one and are never folded; remove the word"
                self.note(("merge", position), what)
            elif kind not in FOLDABLE:
                what = f'unknown kind "{kind}"{suggestion(kind, FOLDABLE)}'
                self.note(("merge", position), what)
        return kinds

    def guard(self) -> dict[str, Any]:
        if "guard" not in self.document.content:
            return {}
        entry: GuardEntry = self.take(("guard",), GuardEntry) or GuardEntry()
        given: dict[str, Any] = {"where": self.document.place(("guard",))}
        path = ("guard", "tolerance")
        if isinstance(entry.tolerance, dict):
            given["kinds"] = entry.tolerance
            for kind, tolerance in entry.tolerance.items():
                self.tolerance((*path, kind), kind, tolerance)
        elif entry.tolerance is not None:
            given["tolerance"] = entry.tolerance
            self.tolerance(path, "", entry.tolerance)
        if entry.days is not None:
            given["days"] = entry.days
            if entry.days < 1:
                self.note(("guard", "days"), "days must be 1 or more; 3 is usual")
        return given

    def tolerance(self, path: Path, kind: str, tolerance: float) -> None:
        if kind == "staked":
            self.note(path, "staked variants are not folded and need no guard; remove the word")
        elif not 0 < tolerance < 1:
            # a price cannot fall by more than all of it: what allows that sees no collapse
            self.note(path, "the tolerance must be above 0 and below 1; 0.05 stands for 5 %")

    def columns(self) -> dict[str, Rule]:
        rules = {name: self.column(name) for name in self.section("columns")}
        return {name: rule for name, rule in rules.items() if rule is not None}

    def column(self, name: str) -> Rule | None:
        path = ("columns", name)
        entry: ColumnEntry | None = self.take(path, ColumnEntry)
        if entry is None:
            return None
        return self.told(path, *column_rule(name, entry, self.document.place(path), self.reducers))

    def told(self, path: Path, rule: Rule | None, mistakes: list[Mistake]) -> Rule | None:
        for key, what in mistakes:
            self.note((*path, key) if key else path, what)
        return rule

    def overrides(self) -> dict[str, dict[str, tuple[Rule, ...]]]:
        return {
            asset: {
                column: self.override(("overrides", asset, column), entries)
                for column, entries in columns.items()
            }
            for asset, columns in (
                (asset, self.group("overrides", asset)) for asset in self.section("overrides")
            )
        }

    def override(self, path: Path, entries: Any) -> tuple[Rule, ...]:
        """Read the rules of one asset's column, one or a list of them, ordered by their days."""
        paths = [path] if isinstance(entries, dict) else []
        if isinstance(entries, list):
            paths = [(*path, position) for position in range(len(entries))]
        if not paths:
            self.note(
                path, "a rule or a list of rules is expected here; give one or remove the line"
            )
        rules = []
        for one in paths:
            entry: OverrideEntry | None = self.take(one, OverrideEntry)
            if entry is not None:
                place = self.document.place(one)
                rule = self.told(one, *override_rule(path[-1], entry, place, self.reducers))
                rules += [rule] if rule else []
        rules.sort(key=lambda rule: rule.since or date.min)
        for earlier, later in pairwise(rules):
            if (earlier.until or date.max) >= (later.since or date.min):
                what = f"its days overlap with those of the rule in {earlier.where}; part the two"
                self.findings.add(later.where, what)
        return tuple(rules)

    def variants(self) -> dict[str, dict[str, tuple[Member, ...]]]:
        seen: dict[str, tuple[str, Place]] = {}
        return {asset: self.kinds(asset, seen) for asset in self.section("assets")}

    def kinds(
        self, asset: str, seen: dict[str, tuple[str, Place]]
    ) -> dict[str, tuple[Member, ...]]:
        path = ("assets", asset)
        taken: dict[str, tuple[str, ...]] = self.take(path, dict[Kind, Texts]) or {}
        members: dict[str, tuple[Member, ...]] = {}
        for kind, ids in taken.items():
            members[kind] = ()
            for position, variant in enumerate(ids):
                place = self.document.place((*path, kind, position))
                if variant in seen:
                    owner, first = seen[variant]
                    what = f'"{variant}" is listed twice, first under {owner} ({first}); keep one'
                    self.findings.add(place, what)
                    continue
                seen[variant] = (asset, place)
                members[kind] += (Member(variant, kind, place),)
        return members

    def alone(self) -> dict[str, str]:
        """Read why which assets stay their own: lists of ids under their reason."""
        return {
            asset: reason
            for reason in self.section("alone")
            for asset in self.take(("alone", reason), Texts) or ()
        }

    def native_ids(self) -> dict[str, dict[str, str | None]]:
        ids: dict[str, dict[str, str | None]] = {}
        for dataset in self.section("native_ids"):
            path = ("native_ids", dataset)
            if dataset.count(".") != 1:
                what = f'"{dataset}" is not a dataset; write provider.dataset'
                self.note(path, what)
            ids[dataset] = self.take(path, dict[str, NativeId]) or {}
        return ids

    def section(self, name: str) -> dict[str, Any]:
        """Return the entries of a section, none where it is absent or of another shape."""
        content = self.document.content.get(name, {})
        if not isinstance(content, dict):
            what = f"{name} holds keys with values; indent its entries below it or remove it"
            self.note((name,), what)
            return {}
        return content

    def group(self, section: str, name: str) -> dict[str, Any]:
        """Return the entries of a group within a section."""
        content = self.document.content[section][name]
        if not isinstance(content, dict):
            self.note((section, name), "keys with values are expected here, such as 'key: value'")
            return {}
        return content

    def take(self, path: Path, shape: Any) -> Any:
        return take(self.document, path, shape, self.findings)

    def note(self, path: Path, what: str) -> None:
        self.findings.add(self.document.place(path), what)
