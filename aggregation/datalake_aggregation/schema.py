"""The shape of a mapping file: its parts as strict values, made by cattrs from the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NewType, TypeVar

import cattrs
from attrs import asdict, fields_dict, frozen
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, override

from datalake_aggregation.document import Document, Path, Scalar
from datalake_aggregation.mapping import KINDS
from datalake_aggregation.problems import Findings, suggestion

#: A number that means the same as a text. YAML has others: 0x1f, 014, 1_000, and 1:30 for 90.
PLAIN = re.compile(r"0|-?[1-9][0-9]*")

T = TypeVar("T")
Text = NewType("Text", str)
Texts = NewType("Texts", tuple)  # type: ignore[type-arg]  # NewType takes no parameters
OneOrMore = NewType("OneOrMore", tuple)  # type: ignore[type-arg]  # as above
Kind = NewType("Kind", str)
NativeId = NewType("NativeId", str)
Tolerance = NewType("Tolerance", Any)  # type: ignore[valid-newtype]  # a number, or one by kind


class Wrong(ValueError):
    """A part has not the shape it should have; the text says what and what to do."""


@frozen
class GuardEntry:
    tolerance: Tolerance | None = None
    days: int | None = None


@frozen(kw_only=True)
class RuleEntry:
    from_: Text | None = None
    else_: Text | None = None
    plus: OneOrMore | None = None
    sum: Text | None = None
    max: Text | None = None
    mean: Text | None = None
    weight: Text | None = None
    reduce: Text | None = None
    of: Text | None = None

    def given(self, word: str) -> bool:
        """Whether the entry has that word of the language."""
        return word in {name.rstrip("_") for name, value in asdict(self).items() if value}


@frozen(kw_only=True)
class ColumnEntry(RuleEntry):
    source: OneOrMore | None = None


@frozen(kw_only=True)
class OverrideEntry(RuleEntry):
    since: date | None = None
    until: date | None = None


def take(document: Document, path: Path, shape: Any, findings: Findings) -> Any:
    """Structure the part at `path` as `shape`; None, with the problems added, when it is not so."""
    part = document.content
    for step in path:
        part = part[step]
    try:
        if shape not in (int, Texts) and not isinstance(part, dict):
            raise Wrong("keys with values are expected here, such as 'key: value'")
        return CONVERTER.structure(part, shape)
    except (BaseValidationError, Wrong) as error:
        for below, what in _mistakes(error, shape):
            findings.add(document.place((*path, *below)), what)
        return None


def _mistakes(error: BaseException, shape: Any) -> Iterator[tuple[Path, str]]:
    """Flatten cattrs' tree of errors to (path below the part, what is wrong)."""
    if isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields):
            yield (key,), f'unknown key "{key}"{suggestion(key, _words(error.cl))}'
    elif isinstance(error, BaseValidationError):
        for inner in error.exceptions:
            for below, what in _mistakes(inner, shape):
                yield (*_step(inner), *below), what
    else:
        yield (), str(error)


def _step(error: BaseException) -> Path:
    for note in getattr(error, "__notes__", []):
        if isinstance(note, IterableValidationNote):
            return (note.index,)
        if isinstance(note, AttributeValidationNote):
            return (note.name.rstrip("_"),)
    return ()


def _words(cl: type) -> list[str]:
    return [name.rstrip("_") for name in fields_dict(cl)]


def _words_of(value: Any) -> str:
    if not isinstance(value, Scalar):
        raise Wrong("a single value is expected here, not a list or a group of keys")
    if value.type == "null" or not value.text:
        raise Wrong("nothing stands here; give a value or remove the line")
    if value.type != "str":
        raise Wrong(value.as_quoted)
    return value.text


def _text(value: Any, _: Any = None) -> str:
    text = _words_of(value)
    if any(c.isspace() for c in text):
        raise Wrong(f'"{text}" has a space in it; give one word or one id')
    return text


def _number(value: Any, kind: type) -> float | int:
    if isinstance(value, Scalar) and value.type in ("int", "float"):
        try:
            return kind(value.text)  # type: ignore[no-any-return]  # kind is int or float
        except ValueError:
            pass
    wanted = "a whole number such as 3" if kind is int else "a number such as 0.05"
    raise Wrong(f"{wanted} is expected here")


def _day(value: Any, _: Any = None) -> date:
    if isinstance(value, Scalar) and value.type in ("timestamp", "str"):
        try:
            if len(value.text) == len("2024-09-04"):
                return date.fromisoformat(value.text)
        except ValueError:
            pass
    raise Wrong("a day such as 2024-09-04 is expected here")


def _native_id(value: Any, _: Any = None) -> str | None:
    if isinstance(value, Scalar) and value.type == "null":
        return None
    if isinstance(value, Scalar) and value.type == "int" and PLAIN.fullmatch(value.text):
        return value.text
    return _words_of(value)


def _kind(value: Any, _: Any = None) -> str:
    if value not in KINDS:
        raise Wrong(f'unknown kind "{value}"{suggestion(value, KINDS)}')
    return str(value)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)
    converter.register_structure_hook(Text, _text)
    converter.register_structure_hook(Kind, _kind)
    converter.register_structure_hook(NativeId, _native_id)
    converter.register_structure_hook(int, lambda value, _: _number(value, int))
    converter.register_structure_hook(date, _day)
    converter.register_structure_hook(float, lambda value, _: _number(value, float))

    def texts(value: Any, _: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise Wrong("a list is expected here, such as [first-id, second-id]")
        if not value:
            raise Wrong("the list is empty; name at least one id or remove the line")
        return converter.structure(value, tuple[Text, ...])

    def one_or_more(value: Any, _: Any) -> tuple[str, ...]:
        return texts(value, _) if isinstance(value, list) else (_text(value),)

    def tolerance(value: Any, _: Any) -> Any:
        kinds = dict[Kind, float]
        return (
            converter.structure(value, kinds) if isinstance(value, dict) else _number(value, float)
        )

    converter.register_structure_hook(Tolerance, tolerance)
    converter.register_structure_hook(Texts, texts)
    converter.register_structure_hook(OneOrMore, one_or_more)
    for entry in (GuardEntry, ColumnEntry, OverrideEntry):
        names = {name: override(rename=name.rstrip("_")) for name in fields_dict(entry)}
        hook = make_dict_structure_fn(
            entry,
            converter,
            _cattrs_forbid_extra_keys=True,
            **names,  # type: ignore[arg-type]
        )
        converter.register_structure_hook(entry, hook)
    return converter


CONVERTER = _converter()
