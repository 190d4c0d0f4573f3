"""Checks that the key is seen nowhere else than where the plan says that it travels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datalake_sandbox import Fault

from ..models import Dataset
from .outcomes import Dangerous, Unmet
from .stage import CANARY, Visit
from .trial import Trial

#: All well; a refusal that quotes the key; a server's error; a page in between.
_OCCASIONS = (None, Fault(".", "401"), Fault(".", "500"), Fault(".", "html"))


def secrets(trial: Trial, dataset: Dataset) -> None:
    """The key is in no URL, log, print, error or result; only the client speaks to the vendor."""
    for visit in _visits(trial, dataset):
        if visit.around:
            raise Dangerous(trial.told(visit, dataset.name))
        if visit.leaks:
            raise Dangerous(
                f"{dataset.name}: the key is seen in {visit.leaks[0]}. Read no key yourself: "
                f"{_how(trial)}, and the client puts it in, below all logs and caches"
            )
    if trial.plan.key and CANARY in repr((trial.provider, dataset)):
        raise Unmet("the key is in the provider's own value: declare the variable, not the key")


def _visits(trial: Trial, dataset: Dataset) -> Iterator[Visit[Any]]:
    for fault in _OCCASIONS:
        for asset in trial.samples.assets:
            visit = trial.resolve(dataset, asset, fault=fault)
            yield visit
            if fault is None and isinstance(visit.value, str):
                yield trial.fetch(dataset, visit.value, trial.samples.window)
                for occasion in _OCCASIONS[1:]:
                    yield trial.fetch(dataset, visit.value, trial.samples.window, fault=occasion)


def _how(trial: Trial) -> str:
    key = trial.plan.key
    if key is None:
        variable = f"{trial.provider.name.upper()}_API_KEY"
        return f"declare Plan(key=Key({variable!r}, place=…, name=…))"
    named = f", name={key.name!r}" if key.name else ""
    return f"Key({key.variable!r}, place={key.place!r}{named}) is declared"
