"""A row of the campaign: what is done to a run, what must come of it, and what did."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from attrs import frozen

from ..cli.test_keys_left import found
from .lab import Beginning, Done, Lab, NotHere, lab
from .standing import Standing

Steps = Callable[[Lab], Iterator[Done]]
Left = Literal["old", "new"]
#: An unexpected error ends with this word, whose log tells where; a user's mistake never does.
TRACEBACK = "Traceback (most recent call last)"


@frozen
class Row:
    """`steps` disturbs today's run, yields how it ended, and then takes the disturbance away.

    `code` is how it must end, `left` what must then be published, `over` where: in a folder or in a
    bucket. `quick` rows are also run with the other tests.
    """

    kind: str
    fault: str
    code: int
    left: Left
    expected: str
    over: Literal["local", "bucket"]
    steps: Steps
    quick: bool = False


@frozen
class Outcome:
    """What came of a row. `amiss` says in words whatever is not as it must be; `absent` why the row
    could not be run here."""

    row: Row
    code: int = 0
    left: str = ""
    tracebacks: int = 0
    lost: int = 0
    keys: int = 0
    amiss: tuple[str, ...] = ()
    absent: str = ""


ROWS: list[Row] = []


def row(
    kind: str, fault: str, code: int, left: Left, expected: str, *,
    over: Literal["local", "bucket"] = "local", quick: bool = False,
) -> Callable[[Steps], Steps]:  # fmt: skip
    """Make the decorated steps a row."""

    def add(steps: Steps) -> Steps:
        ROWS.append(Row(kind, fault, code, left, expected, over, steps, quick))
        return steps

    return add


def play(row: Row, beginning: Beginning) -> Outcome:
    """Disturb a run, look at what it left; then let the next one go on, which must need no hand."""
    with tempfile.TemporaryDirectory() as name, lab(beginning, Path(name, "lab")) as place:
        steps = row.steps(place)
        try:
            done = next(steps)
        except NotHere as reason:
            return Outcome(row, absent=str(reason))
        after = place.standing()
        with suppress(StopIteration):
            next(steps)
        healed = place.run()
        final = place.standing()
        return _judge(row, beginning, place, done, after, healed, final)


def _judge(
    row: Row,
    beginning: Beginning,
    place: Lab,
    done: Done,
    after: Standing,
    healed: Done,
    final: Standing,
) -> Outcome:
    old, new = beginning.old, beginning.new
    left = _left(after, old)
    lost = len((old.values & new.values) - after.values)
    lost += len((old.values & new.values) - final.values) + len(old.cached - final.cached)
    tracebacks = sum((one.out + one.err).count(TRACEBACK) for one in place.done)
    keys = sum(len(leaks(place, one)) for one in (Done(0, "", ""), *place.done))
    amiss = [
        *([f"exit {done.code}"] if done.code != row.code else []),
        *([f"left {left}"] if left != row.left else []),
        *([f"the next run ended with {healed.code}"] if healed.code != 0 else []),
        *(["the next run made something else"] if final.data != new.data else []),
        *after.damage,
        *final.damage,
        *([f"{lost} values lost"] if lost else []),
        *([f"{tracebacks} tracebacks"] if tracebacks else []),
        *([f"{keys} keys"] if keys else []),
    ]
    return Outcome(row, done.code, left, tracebacks, lost, keys, tuple(amiss))


def _left(after: Standing, old: Standing) -> str:
    if after.damage:
        return "damaged"
    return "old" if after.version == old.version else "new"


def leaks(place: Lab, done: Done) -> list[str]:
    """Where a canary key lies: in what was said, in a file, in an object."""
    if not place.gcs:
        return found(place.folder, done)
    with tempfile.TemporaryDirectory() as name:
        for number, one in enumerate(place.gcs.objects("lake").values()):
            kind = Path(one.name).suffix
            Path(name, f"{number}{kind}").write_bytes(one.data)
        return found(place.folder, done) + found(Path(name), Done(0, "", ""))
