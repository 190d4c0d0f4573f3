"""Faults between a run and the vendors: each at all three of them at once, the worst alone, too."""

from __future__ import annotations

import json
from collections.abc import Iterable

from .lab import Lab
from .rows import row

#: A pattern for all calls of a vendor, and one for those that bring the series of an asset.
HOSTS = {"coingecko": "coingecko", "defillama": "llama", "lunarcrush": "lunarcrush"}
SERIES = {
    "coingecko": "market_chart",
    "defillama": "llama.*/(protocol|summary/dexs|overview/dexs)/",
    "lunarcrush": "time-series",
}
AGAIN = "each tried again, and well"
STALE = "each one's last good rows stand in, told with the cause"


def _row(fault: str, faults: Iterable[str], code: int, expected: str, stale: set[str]) -> None:
    injected = [part for one in faults for part in ("--sandbox-fault", one)]

    @row("network", fault, code, "new", expected)
    def steps(lab: Lab):
        done = lab.run(*injected)
        report = json.loads((lab.folder / "out/x.report.json").read_text(encoding="utf-8"))
        for name, told in report["providers"].items():
            assert bool(told["failed"]) == (name in stale), (name, told["failed"])
            assert all(one["error"] for one in told["failed"])
        yield done


def _again(fault: str, action: str) -> None:
    """At the first calls of each vendor."""
    _row(fault, [f"{host}={action}" for host in HOSTS.values()], 0, AGAIN, set())


def _stale(fault: str, action: str, where=SERIES) -> None:
    """At all calls of each vendor, or at those that bring series."""
    _row(fault, [f"{one}={action}" for one in where.values()], 3, STALE, set(where))


def _alone(fault: str, action: str) -> None:
    """At one vendor, the others being well."""
    for name, host in HOSTS.items():
        expected = "its last good rows stand in, the others are new"
        _row(f"{name}: {fault}", [f"{host}={action}"], 3, expected, {name})


for status in ("500", "502", "503", "504"):
    _again(f"{status}, twice", f"{status}*2")
_again("429 without Retry-After, twice", "429*2")
_again("429 with Retry-After in seconds, twice", "429:1*2")
_again("429 with Retry-After as a date", "429-date:2*1")
_again("429 with the vendor's reset header", "429-reset:2*1")
_again("429 with a Retry-After that is no time, twice", "429:soon*2")
_again("the connection is reset, twice", "reset*2")
_again("half of a body, twice", "truncate*2")
_again("the head comes late, twice", "slow-head:0.5*2")
_again("a body that pauses, twice", "slow:0.5*2")
_again("a page instead of JSON, twice", "html*2")
_again("another encoding than told, twice", "utf-16*2")
_again("a fifth of all calls fail", "503@0.2")
_again("fields that nobody knows", "extra")
_again("rows twice", "duplicate")
_again("rows in another order", "unordered")

_alone("503 all day", "503")
_alone("the connection is refused", "refused")
_alone("the host's name is not resolved", "no-host")
_alone("the key is refused", "401")
_stale("429 all day", "429", HOSTS)
_stale("Retry-After of a day", "429:86400", HOSTS)
_stale("every connection is reset", "reset", HOSTS)
_stale("403 from the first call on", "403", HOSTS)
_stale("401 after the first series", "401+1")
_stale("402 after the first series", "402+1")
_stale("redirects to another host", "redirect:https://elsewhere.example/")
_stale("redirects in a loop", "loop")
_stale("a body of 500 MB", "huge")
_stale("a body that unpacks to 500 MB", "gzip-bomb")
_stale("JSON of another shape", "shape")
_stale("an empty list", "empty")
_stale("the vendor's error with status 200", "error-object")
_stale("text where a number should be", "string")
_stale("all numbers as strings", "quoted")
_stale("NaN", "nan")
_stale("1e400", "overflow")
_stale("seconds for milliseconds, or the other way round", "unit")
