"""The real API behind the stage: each request once, with the user's key, within the plan's limits.

The provider itself sees the planted key only; the user's is put in by the client that asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from attrs import evolve

from ..client import HttpClient, Retry
from ..client.pace import machine_pace
from ..errors import ConfigError, FetchError, NotFound, Rejected
from ..models import DAY, Asset, Plan, Provider, Window
from ..secrets import Secret, scrub
from .samples import Asked, Sample, Samples
from .stage import CANARY

#: So many of the last closed days are fetched where no samples say which.
DAYS = 10


class Live:
    """Answers requests with what the vendor answers; `answers` has them all, without any secret."""

    def __init__(
        self,
        provider: Provider,
        plan: Plan,
        key: Secret | None,
        secrets: Sequence[Secret],
        clock: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self._secrets = (*secrets, Secret(CANARY, ""))
        self._heard: Sample | None = None
        # every answer passes `classify`, so that is where it is overheard as it came
        listening = evolve(provider, classify=self._hear)
        self._client = HttpClient(
            listening,
            plan,
            key,
            clock=clock,
            retry=Retry(attempts=2),
            pace=machine_pace(provider.name, key),
        )
        self.answers: dict[Asked, Sample] = {}
        self.trouble: FetchError | None = None

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def calls(self) -> int:
        """How many calls the vendor got."""
        return self._client.stats.calls

    def answer(self, asked: Asked) -> Sample | None:
        """The vendor's answer; None where there is none, and `trouble` then says why."""
        if scrub(str(asked), self._secrets) != str(asked):
            self.trouble = FetchError(
                f"{self._provider.name} puts the key into a request itself, and so it was not made:"
                " declare Key(…), and let the client put it in"
            )
        if asked not in self.answers and self.trouble is None:
            self._heard = None
            try:
                self._client.get(asked.path, dict(asked.query))
            except (NotFound, Rejected):
                pass  # an answer like others: this vendor's words for what it does not know
            except FetchError as error:
                self.trouble = error
                return None
            if self._heard:
                self.answers[asked] = self._heard
        return self.answers.get(asked)

    def _hear(self, status: int, body: bytes) -> type[Exception] | None:
        text = scrub(body.decode(errors="replace"), self._secrets)
        self._heard = Sample(status, text.encode())
        return self._provider.classify(status, body) if self._provider.classify else None

    def must_have_answered(self) -> None:
        """Raise ConfigError where the vendor could not be asked."""
        if self.trouble is not None:
            raise ConfigError(f"the API did not answer all: {self.trouble}")


def present(
    provider: Provider, plan: Plan, samples: Samples, now: datetime, assets: Sequence[Asset] = ()
) -> Samples:
    """The same samples for the real present: their window where the plan still reaches it."""
    earliest = max(dataset.earliest(plan, now.date()) for dataset in provider.datasets)
    last = min(dataset.closed_through(now) for dataset in provider.datasets)
    window = samples.window
    if not window or window.start < earliest or window.last > last:
        window = Window(max(earliest, last - timedelta(days=DAYS - 1)), last + DAY)
    return evolve(
        samples,
        as_of=now.replace(microsecond=0),
        window=window,
        assets=assets or samples.assets,
        plan=None if plan is provider.plans[0] else plan.name,
    )
