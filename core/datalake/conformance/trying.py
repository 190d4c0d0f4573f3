"""The three ways to try a provider: on its samples, on the real API, and to record samples anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from attrs import frozen

from ..models import Asset, Plan, Provider
from ..plugins import Registry, keys
from ..running.sources import choose_plan, key_of
from .live import Live, present
from .outcomes import Report
from .recording import Recorded, record, start
from .samples import read_samples
from .suite import check_all, on_trial


@frozen
class Bench:
    """What is needed to try providers: who is installed, the user's variables, and the time."""

    registry: Registry
    environment: Mapping[str, str]
    clock: Callable[[], datetime]

    def on_samples(self, provider: Provider, folder: Path, *, faults: bool) -> Report:
        """Offline and without a key. Raises ConfigError where the samples cannot be read."""
        with on_trial(provider, read_samples(folder), lambda: self.registry) as trial:
            return Report(provider.name, check_all(trial, faults=faults))

    def on_the_real_one(self, provider: Provider, folder: Path) -> Report:
        """With the user's key, each request once. Raises ConfigError where it does not answer."""
        with self._live(provider) as (live, plan):
            samples = present(provider, plan, start(folder, self.clock()), self.clock())
            with on_trial(provider, samples, lambda: self.registry, live.answer) as trial:
                outcomes = check_all(trial, faults=False)
            live.must_have_answered()
        return Report(provider.name, outcomes)

    def record(self, provider: Provider, folder: Path, assets: Sequence[Asset]) -> Recorded:
        """With the user's key, which is nowhere in what is written. Raises ConfigError."""
        with self._live(provider) as (live, plan):
            return record(provider, plan, live, folder, self.clock(), assets, lambda: self.registry)

    @contextmanager
    def _live(self, provider: Provider) -> Iterator[tuple[Live, Plan]]:
        plan = choose_plan(provider, self.environment)
        key = key_of(plan, self.environment)
        secrets = keys(self.registry, self.environment)
        with Live(provider, plan, key, secrets, self.clock) as live:
            yield live, plan
