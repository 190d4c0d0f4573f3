"""Whether this machine's clock can be believed: the vendors' answers tell the time, too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..errors import ConfigError
from .sources import Source

#: A clock that is so much ahead would take a day for closed that is not, and what is published for
#: an instant that has not come fences off all honest runs until then.
AHEAD = timedelta(minutes=15)


def check_present(as_of: datetime, sources: Iterable[Source]) -> None:
    """Raise ConfigError where the run stands for an instant that, by all answers that came from the
    vendors, has not come yet; a run that asked nobody is believed."""
    told = {source.provider.title: source.client.stats.told_time for source in sources}
    times = {title: moment for title, moment in told.items() if moment is not None}
    if not times:
        return
    title, latest = max(times.items(), key=lambda item: item[1])
    if as_of - latest > AHEAD:
        raise ConfigError(
            f"this machine's clock is ahead: the run would stand for {as_of:%Y-%m-%d %H:%M}Z, and "
            f"{title} answered at {latest:%Y-%m-%d %H:%M}Z; set the clock right, and run again"
        )
