"""All checks of a provider, by name; and their outcomes, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from attrs import frozen

from datalake_sandbox import KINDS

from ..models import Dataset, Provider
from ..plugins import Registry
from ..secrets import Secret, scrub
from . import declared, delivered, faulted, secrecy, stamped
from .outcomes import Dangerous, Outcome, State, Unmet, Unproven, Untried
from .samples import Asked, Sample, Samples
from .stage import CANARY, Stage
from .trial import Trial, plan_of

#: Of the provider as a whole.
_OF_ALL: tuple[Callable[[Trial], None], ...] = (
    declared.name,
    declared.plans,
    declared.classify,
    delivered.universe,
)
#: Of each dataset.
_OF_EACH: tuple[Callable[[Trial, Dataset], None], ...] = (
    declared.columns,
    delivered.coverage,
    delivered.values,
    delivered.days,
    stamped.stamp,
    delivered.window,
    delivered.calls,
    delivered.snapshot,
    faulted.refusals,
    secrecy.secrets,
)


@frozen
class Check:
    """One promise: `run(trial)` raises Unmet, Dangerous or Unproven where it is not kept."""

    name: str
    dataset: str
    promise: str
    run: Callable[[Trial], None]

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.dataset, self.name)))


def checks(provider: Provider, *, faults: bool) -> list[Check]:
    """The checks of a provider; with the faults one more for each fault and dataset."""
    found = [
        Check(one.__name__, "", _said(one), one)
        for one in _OF_ALL
        if getattr(provider, one.__name__, True)  # a hook that it does not have is no promise
    ]
    for dataset in provider.datasets:
        found += [
            Check(one.__name__, dataset.name, _said(one), partial(_on, one, dataset))
            for one in _OF_EACH
            if getattr(dataset, one.__name__, True)
        ]
        found += list(_faults(dataset)) if faults else []
    return found


def _on(check: Callable[[Trial, Dataset], None], dataset: Dataset, trial: Trial) -> None:
    check(trial, dataset)


def _faults(dataset: Dataset) -> Iterator[Check]:
    for kind in KINDS:

        def run(trial: Trial, written: str = kind.written) -> None:
            faulted.withstands(trial, dataset, written)

        yield Check(f"fault {kind.written}", dataset.name, f"It withstands this: {kind.does}.", run)


def _said(check: Callable[..., Any]) -> str:
    return (check.__doc__ or "").strip()


@contextmanager
def on_trial(
    provider: Provider,
    samples: Samples,
    registry: Callable[[], Registry],
    answer: Callable[[Asked], Sample | None] | None = None,
) -> Iterator[Trial]:
    """A provider, ready to be tried on its samples, or on what `answer` says instead."""
    plan = plan_of(provider, samples)
    with Stage(provider, plan, answer or samples.answer, samples.as_of) as stage:
        yield Trial(provider, plan, samples, stage, registry)


def outcome(check: Check, trial: Trial) -> Outcome:
    """How one check ends. Whatever a provider's code raises is an outcome."""
    state, advice = State.HELD, ""
    try:
        check.run(trial)
    except Untried as reason:
        state, advice = State.UNTRIED, str(reason)
    except Unproven as note:
        state, advice = State.NOTE, str(note)
    except Dangerous as danger:
        state, advice = State.DANGEROUS, str(danger)
    except Unmet as unmet:
        state, advice = State.FAILED, str(unmet)
    advice = scrub(advice, [Secret(CANARY, "")])
    return Outcome(check.name, check.dataset, check.promise, state, advice)


def check_all(trial: Trial, *, faults: bool) -> Sequence[Outcome]:
    """All outcomes, in order."""
    return [outcome(check, trial) for check in checks(trial.provider, faults=faults)]
