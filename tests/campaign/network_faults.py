"""Faults between a run and the vendors, each of them at each of the three."""

from __future__ import annotations

from .lab import Lab
from .rows import Left, row

HOSTS = {"CoinGecko": "coingecko", "DefiLlama": "llama", "LunarCrush": "lunarcrush"}
#: What is asked for each asset, and where a list of values stands in its answer.
SERIES = {
    "CoinGecko": ("market_chart", "total_volumes"),
    "DefiLlama": ("llama.*/(historicalChainTvl|protocol|summary|overview/dexs)/", "tvl|date"),
    "LunarCrush": ("time-series", "data"),
}

AGAIN = "tried again, and well"
STALE = "the last good rows stand in, told with the cause"
NOTHING = "makes no difference"


def _everywhere(fault: str, action: str, code: int, expected: str, left: Left = "new") -> None:
    """At all calls of a vendor."""
    for vendor, host in HOSTS.items():
        _row(f"{vendor}: {fault}", f"{host}={action}", code, expected, left)


def _series(fault: str, action: str, code: int, expected: str, left: Left = "new") -> None:
    """At those calls of a vendor that bring series."""
    for vendor, (pattern, _) in SERIES.items():
        _row(f"{vendor}: {fault}", f"{pattern}={action}", code, expected, left)


def _row(fault: str, injected: str, code: int, expected: str, left: Left) -> None:
    @row("network", fault, code, left, expected)
    def steps(lab: Lab):
        yield lab.run("--sandbox-fault", injected)


for status in ("500", "502", "503", "504"):
    _everywhere(f"{status}, twice", f"{status}*2", 0, AGAIN)
_everywhere("429 without Retry-After, twice", "429*2", 0, AGAIN)
_everywhere("429 with Retry-After in seconds, twice", "429:1*2", 0, AGAIN)
_everywhere("429 with Retry-After as a date", "429-date:2*1", 0, AGAIN)
_everywhere("429 with the vendor's reset header", "429-reset:2*1", 0, AGAIN)
_everywhere("429 with a Retry-After that is no time, twice", "429:soon*2", 0, AGAIN)
_everywhere("the connection is reset, twice", "reset*2", 0, AGAIN)
_everywhere("half of a body, twice", "truncate*2", 0, AGAIN)
_everywhere("the head comes late, twice", "slow-head:0.5*2", 0, NOTHING)
_everywhere("a body that pauses, twice", "slow:0.5*2", 0, NOTHING)
_everywhere("a page instead of JSON, twice", "html*2", 0, AGAIN)
_everywhere("another encoding than told, twice", "utf-16*2", 0, AGAIN)
_everywhere("a fifth of all calls fail", "503@0.2", 0, AGAIN)

_everywhere("503 all day", "503", 3, STALE)
_everywhere("429 all day", "429", 3, STALE)
_everywhere("Retry-After of a day", "429:86400", 3, STALE)
_everywhere("the connection is refused", "refused", 3, STALE)
_everywhere("the host's name is not resolved", "no-host", 3, STALE)
_everywhere("every connection is reset", "reset", 3, STALE)
_everywhere("pages all day", "html", 3, STALE)
_everywhere("redirects to another host", "redirect:https://elsewhere.example/", 3, STALE)
_everywhere("redirects in a loop", "loop", 3, STALE)
_everywhere("401 from the first call on", "401", 3, STALE)
_everywhere("403 from the first call on", "403", 3, STALE)
_series("401 after the first series", "401+1", 3, STALE)
_series("402 after the first series", "402+1", 3, STALE)

_series("a body that never ends, of 500 MB", "huge", 3, STALE)
_series("a body that unpacks to 500 MB", "gzip-bomb", 3, STALE)
_series("JSON of another shape", "shape", 3, STALE)
_series("an empty list", "empty", 3, STALE)
_series("the vendor's error with status 200", "error-object", 3, STALE)
_series("fields that nobody knows", "extra", 0, NOTHING)
_series("text where a number should be", "string", 3, STALE)
_series("all numbers as strings", "quoted", 3, STALE)
_series("NaN", "nan", 3, STALE)
_series("1e400", "overflow", 3, STALE)
_series("rows twice", "duplicate", 0, NOTHING)
_series("rows in another order", "unordered", 0, NOTHING)
_series("seconds for milliseconds, or the other way round", "unit", 3, STALE)
_series("negative values", "negative", 0, "not let in, and kept with the reason")
_series("every third day is missing", "gaps", 0, NOTHING)
