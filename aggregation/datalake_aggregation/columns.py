"""The words of one rule in YAML, turned into a rule that can be applied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from datalake_aggregation.mapping import FOLDABLE, Rule
from datalake_aggregation.problems import Place, suggestion
from datalake_aggregation.rules import (
    LARGEST_VOLUME,
    MEMBERS,
    How,
    MaxOfMembers,
    MeanOfMembers,
    Native,
    NativeElseLargestVolume,
    NativePlus,
    Reduce,
    Reducer,
    SumOfMembers,
)
from datalake_aggregation.schema import ColumnEntry, OverrideEntry, RuleEntry

#: The words that begin a rule, and those that may go with each.
HEADS: dict[str, tuple[str, ...]] = {
    "from": ("else", "plus"),
    "sum": (),
    "max": (),
    "mean": ("weight",),
    "reduce": ("of",),
}
RESERVED = ("date", "asset", "canonical_id")
SOURCE = re.compile(r"[a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_]+")

Mistake = tuple[str, str]  # the key within the rule, or "" for the rule, and what is wrong
Reducers = Mapping[str, Reducer]


def column_rule(
    name: str, entry: ColumnEntry, where: Place, reducers: Reducers
) -> tuple[Rule | None, list[Mistake]]:
    """Make the rule of column `name`, or say every word that is wrong in it."""
    mistakes = [*_name(name), *_source(entry), *_words(name, entry, reducers)]
    if mistakes:
        return None, mistakes
    return Rule(entry.source or (), _how(entry, reducers), where), []


def override_rule(
    name: str, entry: OverrideEntry, where: Place, reducers: Reducers
) -> tuple[Rule | None, list[Mistake]]:
    """Make a rule of column `name` for one asset, or say every word that is wrong in it."""
    mistakes = [*_words(name, entry, reducers)]
    if entry.since and entry.until and entry.until < entry.since:
        what = f"it ends ({entry.until}) before it begins ({entry.since}); exchange the two days"
        mistakes.append(("until", what))
    if mistakes:
        return None, mistakes
    return Rule((), _how(entry, reducers), where, entry.since, entry.until), []


def _how(entry: RuleEntry, reducers: Reducers) -> How:
    if entry.sum:
        return SumOfMembers()
    if entry.max:
        return MaxOfMembers()
    if entry.mean and entry.weight:
        return MeanOfMembers(entry.weight)
    if entry.reduce:
        return Reduce(entry.reduce, reducers[entry.reduce])
    if entry.plus:
        return NativePlus(entry.plus)
    return NativeElseLargestVolume() if entry.else_ else Native()


def _name(name: str) -> list[Mistake]:
    if name in RESERVED:
        return [("", f'"{name}" is a key column, not a metric; give the column another name')]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return [("", f'"{name}" is not a column name; use small letters, digits and _')]
    return []


def _source(entry: ColumnEntry) -> list[Mistake]:
    if entry.source is None:
        return [("", "the source is missing; add source: provider.dataset.column")]
    return [
        ("source", f'"{source}" is not a source; write provider.dataset.column')
        for source in entry.source
        if not SOURCE.fullmatch(source)
    ]


def _words(name: str, entry: RuleEntry, reducers: Reducers) -> Iterator[Mistake]:
    yield from _contradictions(entry)
    wanted = (
        ("from", entry.from_, ("native",)),
        ("else", entry.else_, (LARGEST_VOLUME,)),
        *((head, getattr(entry, head), (MEMBERS,)) for head in ("sum", "max", "mean", "of")),
        *(("plus", kind, FOLDABLE) for kind in entry.plus or ()),
    )
    for key, word, known in wanted:
        if word is not None and word not in known:
            yield key, f'unknown rule word "{word}" after {key}{suggestion(word, known)}'
    if entry.reduce and entry.reduce not in reducers:
        yield "reduce", f'there is no reducer "{entry.reduce}"{_known(entry.reduce, reducers)}'
    if entry.weight == name:
        yield "weight", f"{name} cannot be weighted by itself; name another column"


def _known(word: str, reducers: Reducers) -> str:
    if reducers:
        return suggestion(word, reducers)
    return "; no plugin brings any: install the one that does, or use another rule"


def _contradictions(entry: RuleEntry) -> Iterator[Mistake]:
    heads = [head for head in HEADS if entry.given(head)]
    if not heads:
        yield "", "the rule is missing; add from: native or sum: members"
        return
    for head in heads[1:]:
        yield head, f"{heads[0]} and {head} contradict each other; keep one of them"
    if entry.given("else") and entry.given("plus"):
        yield "plus", "else and plus contradict each other; remove one of them"
    yield from _strays(entry, heads)
    for head, word, usual in (("mean", "weight", "volume"), ("reduce", "of", MEMBERS)):
        if entry.given(head) and not entry.given(word):
            yield head, f"{word} is missing; add {word}: {usual}"


def _strays(entry: RuleEntry, heads: list[str]) -> Iterator[Mistake]:
    for head, words in HEADS.items():
        for word in words:
            if entry.given(word) and head not in heads:
                yield word, f"{word} belongs to {head}, not to {heads[0]}; remove it"
