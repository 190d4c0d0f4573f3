"""Where the vendors are reached: the live APIs, or the sandbox that speaks like them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from attrs import field, frozen

from ..errors import ConfigError
from ..lake.origin import LIVE, RECORDINGS, SANDBOX
from ..models import Provider
from .options import Options


@frozen
class Vendors:
    """`clock` is the vendors' present; `origins` maps a vendor's origin to where it is instead;
    `keys` are built-in ones for providers of which the user has none."""

    origin: str = LIVE
    clock: Callable[[], datetime] = field(kw_only=True)
    origins: Mapping[str, str] = field(factory=dict)
    keys: Mapping[str, str] = field(factory=dict)
    rate_scale: float = 1.0
    offline: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether what comes from here is not the real market's."""
        return self.origin != LIVE

    def environment(self, user: Mapping[str, str], provider: Provider) -> Mapping[str, str]:
        """The user's variables; the built-in keys where the user has no key for this provider."""
        if any(user.get(variable) for variable in provider.variables()):
            return user
        return {**self.keys, **user}

    def reach(self, provider: Provider) -> bool:
        """Whether this provider can be reached at all: the sandbox stands in for known hosts."""
        if self.origin == LIVE or self.offline:
            return True
        return any(
            f"{plan.base_url}/".startswith(f"{origin}/")
            for plan in provider.plans
            for origin in self.origins
        )


@contextmanager
def vendors(options: Options, clock: Callable[[], datetime]) -> Iterator[Vendors]:
    """The live vendors, or a sandbox server that lives as long as the context; offline, nobody."""
    if options.offline:
        yield _nobody(options, clock)
        return
    if not options.sandbox:
        yield Vendors(clock=clock)
        return
    from datalake_sandbox import Fault, Sandbox

    now = options.as_of or _sandbox_now(options.recordings, clock)
    try:
        sandbox = Sandbox(
            clock=now,
            rates=options.sandbox_rates,
            recordings=options.recordings,
            faults=[Fault.parse(text) for text in options.sandbox_faults],
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    with sandbox:
        yield Vendors(
            RECORDINGS if options.recordings else SANDBOX,
            clock=lambda: now,
            origins=sandbox.hosts,
            keys=sandbox.environment,
            rate_scale=sandbox.rate_scale,
        )


def _nobody(options: Options, clock: Callable[[], datetime]) -> Vendors:
    origin = LIVE if not options.sandbox else RECORDINGS if options.recordings else SANDBOX
    now = options.as_of or _sandbox_now(options.recordings, clock)
    return Vendors(origin, clock=lambda: now, offline=True)


def _sandbox_now(recordings: Path | None, clock: Callable[[], datetime]) -> datetime:
    if recordings is None:
        return clock()
    from datalake_sandbox import recordings_clock

    try:
        return recordings_clock(recordings)
    except ValueError as error:
        raise ConfigError(str(error)) from error
