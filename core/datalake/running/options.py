"""What one run is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from ..errors import ConfigError
from ..models import DAY
from ..publish.pointer import Keep
from ..rules import GateRules
from ..settings import CacheSettings


@frozen(kw_only=True)
class Options:
    """The options of `datalake run`; see the command's help for each.

    `providers` None means all installed ones. `until` is the last day included; None means
    yesterday, "now" the day that is still open. `as_of` None means now. `refresh` names providers
    and datasets that are fetched anew whatever is cached (`all` for every one). `max_calls` limits
    the calls to single providers, under `all` to all of them together; `timeout` is how long after
    its beginning the run may call.
    """

    cache: str
    output: str = field(converter=str)
    providers: Sequence[str] | None = None
    top: int = 200
    assets: Sequence[str] = ()
    datasets: Sequence[str] = ()
    since: date | None = None
    until: date | Literal["now"] | None = None
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

    @property
    def open_day(self) -> bool:
        """Whether rows of the day that is still open are wanted."""
        return self.until == "now"

    def last_closed(self, as_of: datetime) -> date:
        """The last day, of those that are over, that rows may have."""
        return self.until if isinstance(self.until, date) else as_of.date() - DAY

    def check(self, now: datetime) -> None:
        """Raise ConfigError for what cannot be meant; `now` is the real present."""
        if self.top < 1:
            raise ConfigError(f"--top {self.top}: at least one asset is needed")
        if self.as_of and self.as_of > now:
            raise ConfigError(f"--as-of {self.as_of.isoformat()} is in the future")
        as_of = self.as_of or now
        if self.last_closed(as_of) >= as_of.date():
            raise ConfigError(
                f"--until {self.until}: that day is not over yet; the last closed day is before "
                f"{as_of.date()}, and `--until now` has what is known of today"
            )
        if self.since and isinstance(self.until, date) and self.since > self.until:
            raise ConfigError(f"--since {self.since} is after --until {self.until}")
        if self.since and self.since >= as_of.date():
            raise ConfigError(f"--since {self.since}: no day since then is over yet")
        self._check_together()

    def _check_together(self) -> None:
        if self.open_day and self.offline:
            raise ConfigError("--until now asks how things stand, and --offline asks nobody")
        if self.open_day and self.as_of and not self.sandbox:
            raise ConfigError("--until now is about the present: leave out --as-of")
        if self.offline and self.refresh:
            raise ConfigError("--offline asks nobody, and --refresh asks for all again: choose one")
        if self.offline and (self.max_calls or self.timeout):
            raise ConfigError("--offline makes no calls: leave --max-calls and --timeout out")
        if self.offline and self.sandbox_faults:
            raise ConfigError("--sandbox-fault needs calls to strike, and --offline makes none")
        if (self.recordings or self.sandbox_faults) and not self.sandbox:
            wish = "--recordings" if self.recordings else "--sandbox-fault"
            raise ConfigError(f"{wish} needs --sandbox")
