"""Data that is subtly wrong: an answer's JSON after a fault has been at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from datalake_sandbox.noise import uniform

_STAMPS = {"date", "time", "timestamp", "id", "chainId", "decimals"}
#: Stands for a number that Python's writer has no word for.
_HOLE = "1e400 goes here"
#: A stamp of milliseconds is larger, one of seconds smaller.
_SECONDS_END = 100_000_000_000

Spoil = Callable[[Any, str, int], Any]


def spoilt(name: str, argument: str, body: bytes, seed: int) -> bytes:
    """The body after the named fault."""
    text = json.dumps(_SPOILS[name](json.loads(body), argument, seed), separators=(",", ":"))
    return text.replace(f'"{_HOLE}"', "1e400").encode()


def _everywhere(data: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The document with every object of it changed."""
    if isinstance(data, dict):
        return change({key: _everywhere(value, change) for key, value in data.items()})
    if isinstance(data, list):
        return [_everywhere(item, change) for item in data]
    return data


def _without(data: Any, name: str, _: int) -> Any:
    return _everywhere(data, lambda one: {key: one[key] for key in one if key != name})


def _extra(data: Any, *_: object) -> Any:
    return _everywhere(data, lambda one: {"unheard_of": [1, {"of": None}], **one})


def _reshaped(data: Any, *_: object) -> Any:
    return [data] if isinstance(data, dict) else {"data": data}


def _quoted(data: Any, *_: object) -> Any:
    if isinstance(data, dict):
        return {key: _quoted(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_quoted(item) for item in data]
    return str(data) if _is_number(data) else data


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _lists(data: Any) -> list[list[Any]]:
    """The lists of rows in a document: of objects, or of [stamp, value] pairs."""
    if isinstance(data, dict):
        return [found for value in data.values() for found in _lists(value)]
    if not isinstance(data, list) or not data:
        return []
    if isinstance(data[0], (dict, list)):
        return [data]
    return []


def _one_row(rows: list[Any], seed: int) -> Any:
    return rows[int(uniform(seed, "row", len(rows)) * len(rows))]


def _places(row: Any) -> Iterator[Any]:
    """Where a row has numbers, but for stamps and ids."""
    if isinstance(row, list):
        yield from (place for place in range(1, len(row)) if _is_number(row[place]))
    else:
        yield from (key for key, one in row.items() if _is_number(one) and key not in _STAMPS)


def _wrong(value: Any) -> Spoil:
    """The numbers of one row become something else."""

    def spoil(data: Any, _: str, seed: int) -> Any:
        if _is_number(data):
            return value
        rows = max(_lists(data), key=len, default=None)
        target = data if rows is None else _one_row(rows, seed)
        for place in list(_places(target)):
            target[place] = value
        return data

    return spoil


def _negative(data: Any, _: str, seed: int) -> Any:
    for rows in _lists(data):
        row = _one_row(rows, seed)
        for place in list(_places(row)):
            row[place] = -abs(row[place])
    return data


def _duplicate(data: Any, _: str, seed: int) -> Any:
    for rows in _lists(data):
        place = int(uniform(seed, "twice", len(rows)) * len(rows))
        rows.insert(place, rows[place])
    return data


def _unordered(data: Any, _: str, seed: int) -> Any:
    for rows in _lists(data):
        order = sorted(range(len(rows)), key=lambda n: uniform(seed, "order", n))
        rows[:] = [rows[n] for n in order]
    return data


def _gaps(data: Any, *_: object) -> Any:
    for rows in _lists(data):
        del rows[1::3]
    return data


def _other_unit(data: Any, *_: object) -> Any:
    for rows in _lists(data):
        for row in rows:
            for place in [0] if isinstance(row, list) else [key for key in _STAMPS if key in row]:
                if _is_number(row[place]) and row[place] > 1_000_000_000:
                    large = row[place] > _SECONDS_END
                    row[place] = row[place] // 1000 if large else row[place] * 1000
    return data


_SPOILS: Mapping[str, Spoil] = {
    "shape": _reshaped,
    "missing": _without,
    "extra": _extra,
    "string": _wrong("n/a"),
    "quoted": _quoted,
    "nan": _wrong(float("nan")),
    "overflow": _wrong(_HOLE),
    "null": _wrong(None),
    "negative": _negative,
    "duplicate": _duplicate,
    "unordered": _unordered,
    "gaps": _gaps,
    "unit": _other_unit,
}
