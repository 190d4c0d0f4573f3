"""What one run is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from ..errors import ConfigError
from ..publish.pointer import Keep
from ..rules import GateRules
from ..settings import CacheSettings


@frozen(kw_only=True)
class Options:
    """The options of `datalake run`; see the command's help for each.

    `providers` None means all installed ones. `until` is the last day included; None means
    yesterday. `as_of` None means now. `refresh` names providers and datasets that are fetched
    anew whatever is cached (`all` for every one). `max_calls` limits the calls to single providers,
    under `all` to all of them together; `timeout` is how long after its beginning the run may call.
    """

    cache: str
    output: str = field(converter=str)
    providers: Sequence[str] | None = None
    top: int = 200
    assets: Sequence[str] = ()
    datasets: Sequence[str] = ()
    since: date | None = None
    until: date | None = None
    as_of: datetime | None = None
    mapping: Path | None = None
    columns: Literal["standard", "extended"] = "standard"
    sandbox: bool = False
    recordings: Path | None = None
    sandbox_rates: Literal["fast", "real"] = "fast"
    sandbox_faults: Sequence[str] = ()
    rates: Mapping[str, float] = field(factory=dict)
    offline: bool = False
    refresh: Sequence[str] = ()
    max_calls: Mapping[str, int] = field(factory=dict)
    timeout: timedelta | None = None
    mirror: CacheSettings = field(factory=CacheSettings)
    gate: GateRules = field(factory=GateRules)
    keep: Keep = field(factory=Keep)
    strict: bool = False
    force_publish: str | None = None
    report: Path | None = None

    def check(self, now: datetime) -> None:
        """Raise ConfigError for what cannot be meant; `now` is the real present."""
        if self.top < 1:
            raise ConfigError(f"--top {self.top}: at least one asset is needed")
        if self.as_of and self.as_of > now:
            raise ConfigError(f"--as-of {self.as_of.isoformat()} is in the future")
        as_of = self.as_of or now
        if self.until and self.until >= as_of.date():
            raise ConfigError(
                f"--until {self.until}: that day is not over yet; the last closed day is before "
                f"{as_of.date()}"
            )
        if self.since and self.until and self.since > self.until:
            raise ConfigError(f"--since {self.since} is after --until {self.until}")
        if self.since and self.since >= as_of.date():
            raise ConfigError(f"--since {self.since}: no day since then is over yet")
        self._check_together()

    def _check_together(self) -> None:
        if self.offline and self.refresh:
            raise ConfigError("--offline asks nobody, and --refresh asks for all again: choose one")
        if self.offline and (self.max_calls or self.timeout):
            raise ConfigError("--offline makes no calls: leave --max-calls and --timeout out")
        if self.offline and self.sandbox_faults:
            raise ConfigError("--sandbox-fault needs calls to strike, and --offline makes none")
        if (self.recordings or self.sandbox_faults) and not self.sandbox:
            wish = "--recordings" if self.recordings else "--sandbox-fault"
            raise ConfigError(f"{wish} needs --sandbox")
