"""Suggestions as YAML that can be pasted into a mapping file: evidence as comments, lists whole."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from datalake_aggregation import Mapping

from .lookalikes import Lookalike

#: Columns of text, comments wrapped.
WIDTH = 88


def as_yaml(found: Sequence[Lookalike], mapping: Mapping, note: str) -> str:
    """A mapping file with the suggestions; unproven ones are comments.

    A list in a user's file replaces the shipped one of that asset and kind, so each list here
    begins with what the mapping has.
    """
    certain = [one for one in found if one.verdict != "unproven"]
    lines = [
        *_comment(
            f"Look-alikes that the mapping does not name: {len(certain)}, surest first. {note}"
        ),
        *_comment(
            "Nothing of this is in force: keep what you believe. A list replaces the one that the "
            "mapping has, which is therefore repeated."
        ),
        "version: 1",
    ]
    if certain:
        lines.append("assets:")
        for canonical in dict.fromkeys(one.canonical for one in certain):
            lines += _family(canonical, certain, mapping)
    unproven = [one for one in found if one.verdict == "unproven"]
    if unproven:
        lines += ["", "# Not proven, so not suggested:"]
        for one in unproven:
            lines += _comment(f"  {one.asset} for {one.canonical}: {_reasons(one)}")
    return "\n".join(lines)


def _family(canonical: str, found: Sequence[Lookalike], mapping: Mapping) -> Iterator[str]:
    ours = [one for one in found if one.canonical == canonical]
    yield f"  {canonical}:"
    for kind in dict.fromkeys(one.verdict for one in ours):
        yield f"    {kind}:"
        for member in mapping.variants.get(canonical, ()):
            if member.kind == kind:
                yield f"      - {_id(member.asset)}"
        for one in ours:
            if one.verdict == kind:
                yield from _comment(_reasons(one), "      ")
                yield f"      - {_id(one.asset)}"


def _reasons(one: Lookalike) -> str:
    return "; ".join(reason.text for reason in one.evidence)


def _comment(text: str, indent: str = "") -> list[str]:
    sign = f"{indent}# "
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=sign,
        subsequent_indent=sign,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _id(asset: str) -> str:
    """The id as YAML reads a text: one that looks like a number or a word of YAML is quoted."""
    import yaml

    plain = yaml.safe_load(asset) if asset else None
    return asset if isinstance(plain, str) and plain == asset else f'"{asset}"'
