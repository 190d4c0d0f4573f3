"""Records samples: the few requests that the checks need are made of the real API, and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from attrs import frozen

from ..models import Asset, Plan, Provider, Window
from ..plugins import Registry
from .live import Live, present
from .samples import INDEX, Samples, read_samples, write_samples
from .suite import checks, on_trial, outcome
from .trial import Trial

#: What is fetched where nobody says.
USUAL = (Asset("bitcoin"),)
#: These checks make the requests that all of them need.
TOUR = ("universe", "coverage", "values", "calls", "snapshot")
#: A file beyond this many bytes is nothing to read.
LARGE = 100_000


@frozen
class Recorded:
    """What was recorded: files, the index first, and how many calls it took."""

    files: Sequence[Path]
    calls: int

    @property
    def large(self) -> list[Path]:
        """Files that are better cut down by hand."""
        return [file for file in self.files if file.stat().st_size > LARGE]


def start(folder: Path, now: datetime) -> Samples:
    """The samples of a folder, or where there are none an empty beginning."""
    if (folder / INDEX).exists():
        return read_samples(folder)
    nothing = Window(now.date(), now.date())  # empty: the last closed days are taken
    return Samples(folder=folder, as_of=now, window=nothing, assets=USUAL)


def record(
    provider: Provider,
    plan: Plan,
    live: Live,
    folder: Path,
    now: datetime,
    assets: Sequence[Asset],
    registry: Callable[[], Registry],
) -> Recorded:
    """Make the requests that the checks need, and write index and answers.

    Nothing is written where the API could not be asked, which raises ConfigError. What the index
    knows stays; so do its assets, unless others are given.
    """
    samples = present(provider, plan, start(folder, now), now, assets)
    with on_trial(provider, samples, registry, live.answer) as trial:
        _tour(trial)
    live.must_have_answered()
    return Recorded(write_samples(samples.with_answers(live.answers)), live.calls)


def _tour(trial: Trial) -> None:
    """Do what the checks do, once; what they think of it is told when they run on the samples."""
    for check in checks(trial.provider, faults=False):
        if check.name in TOUR:
            outcome(check, trial)
