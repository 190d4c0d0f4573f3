"""The words of one column rule in YAML, turned into a rule that can be applied."""

from __future__ import annotations

import re

from datalake_aggregation.mapping import FOLDABLE, Rule
from datalake_aggregation.problems import Place, suggestion
from datalake_aggregation.rules import (
    LARGEST_VOLUME,
    MEMBERS,
    How,
    Native,
    NativeElseLargestVolume,
    NativePlus,
    SumOfMembers,
)
from datalake_aggregation.schema import RuleEntry

NATIVE_ONLY = ("native",)
RESERVED = ("date", "asset", "canonical_id")
SOURCE = re.compile(r"[a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_]+")

Mistake = tuple[str, str]  # the key within the rule, or "" for the rule, and what is wrong


def rule_of(name: str, entry: RuleEntry, where: Place) -> tuple[Rule | None, list[Mistake]]:
    """Make the rule of column `name`, or say every word that is wrong in it."""
    mistakes = [*_name(name), *_source(entry), *_words(entry), *_contradictions(entry)]
    if mistakes:
        return None, mistakes
    return Rule(source=entry.source or (), how=_how(entry), where=where), []


def _how(entry: RuleEntry) -> How:
    if entry.sum:
        return SumOfMembers()
    if entry.plus:
        return NativePlus(entry.plus)
    return NativeElseLargestVolume() if entry.else_ else Native()


def _name(name: str) -> list[Mistake]:
    if name in RESERVED:
        return [("", f'"{name}" is a key column, not a metric; give the column another name')]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return [("", f'"{name}" is not a column name; use small letters, digits and _')]
    return []


def _source(entry: RuleEntry) -> list[Mistake]:
    if entry.source is None:
        return [("", "the source is missing; add source: provider.dataset.column")]
    return [
        ("source", f'"{source}" is not a source; write provider.dataset.column')
        for source in entry.source
        if not SOURCE.fullmatch(source)
    ]


def _words(entry: RuleEntry) -> list[Mistake]:
    wanted = (
        ("from", entry.from_, NATIVE_ONLY),
        ("else", entry.else_, (LARGEST_VOLUME,)),
        ("sum", entry.sum, (MEMBERS,)),
        *(("plus", kind, FOLDABLE) for kind in entry.plus or ()),
    )
    return [
        (key, f'unknown rule word "{word}" after {key}{suggestion(word, known)}')
        for key, word, known in wanted
        if word is not None and word not in known
    ]


def _contradictions(entry: RuleEntry) -> list[Mistake]:
    if entry.from_ is None and entry.sum is None:
        return [("", "the rule is missing; add from: native or sum: members")]
    if entry.sum is not None and (entry.from_ or entry.else_ or entry.plus):
        return [("sum", "sum stands alone; remove from, else and plus, or remove sum")]
    if entry.else_ is not None and entry.plus is not None:
        return [("plus", "else and plus contradict each other; remove one of them")]
    return []
