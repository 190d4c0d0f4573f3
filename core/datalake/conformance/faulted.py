"""The sandbox's faults, let loose on a provider: it may fail loudly, and must never be wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from attrs import frozen

from datalake_sandbox import Fault
from datalake_sandbox.damage import refusal

from ..client import Limits
from ..client.answers import Reader
from ..errors import FetchError, NotFound, Unavailable
from ..models import Dataset
from .families import FAMILIES, REFUSALS, Family
from .outcomes import Dangerous, Unmet, Unproven
from .stage import Visit
from .trial import Fetched, Rows, Trial, rows_of


def withstands(trial: Trial, dataset: Dataset, written: str) -> None:
    """What a provider does when its vendor answers so. Raises Unmet, Dangerous or Unproven."""
    family, action, limits = FAMILIES[written]
    fetched = trial.fetched(dataset)
    for one in _actions(action, trial, fetched):
        _TRIED[family](_Run(trial, dataset, fetched, one, limits))


def refusals(trial: Trial, dataset: Dataset) -> None:
    """A refused key, a limit and an outage reach the framework as what they are."""
    for written in REFUSALS:
        withstands(trial, dataset, written)


def _actions(action: str, trial: Trial, fetched: Fetched) -> Iterator[str]:
    if not action.endswith(":"):
        yield action
        return
    bodies = [trial.samples.answer(asked) for asked in fetched.asked]
    names = {name for sample in bodies if sample for name in _fields(sample.body)}
    for name in sorted(names)[:12]:
        yield f"{action}{name}"


def _fields(body: bytes) -> set[str]:
    """The names of fields anywhere in a body."""
    try:
        waiting: list[Any] = [msgspec.json.decode(body)]
    except msgspec.MsgspecError:
        return set()
    names: set[str] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            names |= one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one[:3]
    return {name for name in names if name.isprintable() and name}


@frozen
class _Run:
    """One fault, tried on one dataset."""

    trial: Trial
    dataset: Dataset
    fetched: Fetched
    action: str
    limits: Limits | None

    def fetch(self, times: int | None = None, attempts: int = 1) -> Visit[Any]:
        """A fetch under the fault, which spares the lists."""
        window, native_id = self.trial.samples.window, self.fetched.found.native_id
        return self.trial.fetch(
            self.dataset,
            native_id,
            window,
            fault=Fault(".", self.action, times),
            spared=self.fetched.found.lists,
            attempts=attempts,
            limits=self.limits,
        )

    def resolve(self) -> Visit[str | None]:
        """A look-up whose list is struck by the fault."""
        fault = Fault(".", self.action)
        return self.trial.resolve(
            self.dataset, self.fetched.found.asset, fault=fault, attempts=1, limits=self.limits
        )

    def rows(self, raw: Any) -> Rows:
        """The rows of the window in what fetch returned. Raises Unmet."""
        series = self.trial.series(self.dataset, raw)
        return rows_of(series.table, self.trial.samples.window)

    def says(self, what: str) -> str:
        return f"{self.dataset.name}, when the API answers with fault {self.action}: {what}"


def _error_reaches(run: _Run) -> None:
    """Neither fetch nor resolve makes an answer of an error."""
    visit = run.fetch()
    _must_fail(run, visit, "fetch", "rows")
    if run.fetched.found.lists:
        _must_fail(run, run.resolve(), "resolve", "None, which says that it is not covered")


def _must_fail(run: _Run, visit: Visit[Any], what: str, instead: str) -> None:
    if visit.error is None:
        told = f"{len(run.rows(visit.value))} {instead}" if instead == "rows" else instead
        raise Dangerous(
            run.says(
                f"{what} gave {told} as if all were well. Let the error through: 'could not ask' "
                "must never look like 'there is nothing'. Remove the try/except, or give "
                "`client.get` an `into=` type, so that another shape is an error"
            )
        )
    _is_ours(run, visit, what)


def _is_ours(run: _Run, visit: Visit[Any], what: str) -> None:
    error = visit.error
    if not isinstance(error, FetchError):
        raise Unmet(
            run.says(
                f"{what} broke with {type(error).__name__}: {error}. Give `client.get` an `into=` "
                "type with the fields that you need, and the framework says in a sentence what is "
                "wrong with the answer"
            )
        )


def _passing(run: _Run) -> None:
    _error_reaches(run)
    _kind_is_kept(run, Unavailable)
    visit = run.fetch(times=1, attempts=3)
    if visit.error is not None:
        raise Unmet(
            run.says(
                f"it is over after one answer, and fetch failed all the same: {visit.error}. Leave "
                "trying again to the client"
            )
        )
    _agrees(run, run.rows(visit.value), whole=True)


def _refusing(run: _Run) -> None:
    _error_reaches(run)
    _kind_is_kept(run, None)


def _kind_is_kept(run: _Run, usual: type[FetchError] | None) -> None:
    """The error that comes is the one that the framework made of the answer."""
    visit = run.fetch()
    error, status = visit.error, run.action.partition(":")[0].partition("-")[0]
    expected = _expected(run, int(status)) if status.isdigit() else usual
    if (
        status.isdigit()
        and int(status) in (401, 403)
        and expected
        and issubclass(expected, NotFound)
    ):
        raise Dangerous(
            run.says(
                "`classify` calls it NotFound, so that with a wrong key every asset would look as "
                "if it were not covered; Refused is what it is"
            )
        )
    if expected and not isinstance(error, expected):
        raise Unmet(
            run.says(
                f"fetch raises {type(error).__name__} where the client raised {expected.__name__}: "
                "let it through as it is, for the framework acts by its class"
            )
        )


def _expected(run: _Run, status: int) -> type[FetchError] | None:
    reader = Reader(run.trial.provider, run.trial.plan, (), lambda headers, limited: None)
    error = reader.refusal("", status, {}, refusal("", status).body)
    if isinstance(error, Unavailable):
        return Unavailable
    return None if error is None else type(error)


def _broken(run: _Run) -> None:
    _error_reaches(run)


def _harmless(run: _Run) -> None:
    visit = run.fetch()
    if visit.error is not None:
        raise Unmet(run.says(f"fetch failed, though the answer says the same: {visit.error}"))
    _agrees(run, run.rows(visit.value), whole=True)


def _spoiling(run: _Run) -> None:
    visit = run.fetch()
    if visit.error is not None:
        _is_ours(run, visit, "fetch")
        return
    try:
        rows = run.rows(visit.value)
    except Unmet:
        return  # the framework did not let it in
    _agrees(run, rows, whole=False)


def _agrees(run: _Run, rows: Rows, *, whole: bool) -> None:
    """The rows say what they say without the fault; unless they must be whole, some may lack."""
    right = run.fetched.rows
    if whole and rows.keys() != right.keys():
        raise Dangerous(
            run.says(
                f"{len(rows)} days came instead of {len(right)}, though the answer says the same: "
                "fetch must not go by the order or the number of the rows"
            )
        )
    for day, row in rows.items():
        for name, value in row.items():
            expected = right.get(day, {}).get(name)
            if value is None and not whole:
                continue
            if not _alike(value, expected):
                _wrong(run, name, f"{name} of {day} is {value} instead of {expected}")


def _wrong(run: _Run, column: str, what: str) -> None:
    if run.action == "negative" and run.dataset.columns[column].minimum is None:
        known = [row[column] for row in run.fetched.rows.values() if row[column] is not None]
        if min(known) < 0:
            return  # it may well be
        raise Unproven(
            f"{run.dataset.name}: {column} has no minimum, so that a number below zero is let in: "
            "declare minimum=0 if it can never be"
        )
    raise Dangerous(
        run.says(
            f"{what}. Unknown is null: fill no gap, go by names and times and not by places, and "
            "make no number of a text that is none"
        )
    )


def _alike(value: Any, expected: Any) -> bool:
    if isinstance(value, float) and isinstance(expected, float):
        return math.isclose(value, expected, rel_tol=1e-9)
    return bool(value == expected)


_TRIED: Mapping[Family, Callable[[_Run], None]] = {
    "passing": _passing,
    "refusing": _refusing,
    "broken": _broken,
    "harmless": _harmless,
    "spoiling": _spoiling,
}
