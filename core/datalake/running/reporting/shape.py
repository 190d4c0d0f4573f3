"""What a report must have at least, so that whoever reads it finds what is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any


def _instant(value: Any) -> bool:
    return datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None


def _day(value: Any) -> bool:
    return value is None or bool(date.fromisoformat(value))


def _source(value: Any) -> bool:
    return len(value.partition(",")[0].split(".", 2)) == 3


#: A name that any key may have, and the mark of a key that older reports did not have.
_ANY, _MAYBE = "*", "?"
_FAILURE = {"dataset": str, "asset": str, "error": str, "stale_through": _day}
_UNCOVERED = {"dataset": str, "asset": str, "reason": str}
_PROVIDER = {
    "plan": str,
    "calls": int,
    "throttled_seconds": (int, float),
    "failed?": [_FAILURE],
    "uncovered?": [_UNCOVERED],
}
_COLUMN = {
    "source": _source,
    "through": _day,
    "expected": _day,
    "assets": int,
    "values": int,
    "behind": int,
}
_CHECK = {"name": str, "passed": bool, "level": str, "detail": str}
_REPORT = {
    "run_id": str,
    "started_at": _instant,
    "finished_at": _instant,
    "as_of": _instant,
    "status": str,
    "message": str,
    "synthetic": bool,
    "universe": {"assets?": [str]},
    "providers": {_ANY: _PROVIDER},
    "skipped": [{"provider": str, "reason": str}],
    "mapping": {"folded?": {_ANY: [str]}},
    "freshness?": {_ANY: _COLUMN},
    "gate": {"checks?": [_CHECK]},
    "output": {"published?": bool, "path?": str, "rows?": int, "assets?": int, "forcible?": bool},
}


def what_is_wrong(report: object) -> str:
    """Where a document is no report, in a few words; empty where it is one."""
    return next(_wrong(report, _REPORT, "it"), "")


def _wrong(value: Any, shape: Any, where: str) -> Iterator[str]:
    if isinstance(shape, list):
        if isinstance(value, list):
            for number, one in enumerate(value):
                yield from _wrong(one, shape[0], f"{where}[{number}]")
        else:
            yield f"{where} is no list"
    elif isinstance(shape, Mapping):
        if isinstance(value, Mapping):
            yield from _wrong_inside(value, shape, where)
        else:
            yield f"{where} is no object"
    elif not _fits(value, shape):
        yield f"{where} cannot be {value!r:.40}"


def _wrong_inside(value: Mapping[str, Any], shape: Mapping[str, Any], where: str) -> Iterator[str]:
    for key, inner in shape.items():
        name = key.removesuffix(_MAYBE)
        if key == _ANY:
            for one in value:
                yield from _wrong(value[one], inner, f"{where}.{one}")
        elif name in value:
            yield from _wrong(value[name], inner, f"{where}.{name}")
        elif name == key:
            yield f"{where} has no {name}"


def _fits(value: Any, leaf: Any) -> bool:
    """Whether a value is of the type, or as the test says that a leaf of the shape is."""
    if isinstance(leaf, (type, tuple)):
        return isinstance(value, leaf)
    try:
        return bool(leaf(value))
    except (TypeError, ValueError, AttributeError):
        return False
