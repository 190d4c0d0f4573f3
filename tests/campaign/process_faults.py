"""Faults of the process: stopped, doubled, dead with a lease, out of its time."""

from __future__ import annotations

import json
import signal
from datetime import datetime, timedelta, timezone

from .disk_faults import SLOW
from .lab import YESTERDAY, Lab
from .rows import row

LEASE = "out/x.published/lease.json"


def _waits(lab: Lab):
    """Whether a run holds the lease, and so is on its way."""
    return (lab.folder / LEASE).exists


@row("process", "SIGKILL during the fetch", -signal.SIGKILL, "old", "the next run goes on",
     quick=True)  # fmt: skip
def killed(lab: Lab):
    yield lab.stopped(signal.SIGKILL, _waits(lab), *SLOW)


@row("process", "SIGTERM during the fetch", 143, "old", "ends at once, says that it goes on")
def terminated(lab: Lab):
    yield lab.stopped(signal.SIGTERM, _waits(lab), *SLOW)


@row("process", "Ctrl-C during the fetch", 130, "old", "ends at once, says that it goes on")
def interrupted(lab: Lab):
    yield lab.stopped(signal.SIGINT, _waits(lab), *SLOW)


@row("process", "SIGTERM while the bucket hangs", 143, "old", "ends within ten seconds",
     over="bucket")  # fmt: skip
def terminated_on_a_bucket(lab: Lab):
    hang = lab.gcs.fault("stall:60", operation="insert", name="*/current.json")
    yield lab.stopped(signal.SIGTERM, lambda: hang.struck)
    lab.gcs.clear()


@row("process", "a second run on the same output", 5, "old", "names the first, spends nothing",
     quick=True)  # fmt: skip
def doubled(lab: Lab):
    first = lab.start(*SLOW)
    lab.until(_waits(lab), first)
    yield lab.run()
    first.kill()
    lab.end(first)


@row("process", "the lease of a dead process of this machine", 0, "new", "taken over at once")
def dead_holder(lab: Lab):
    assert lab.stopped(signal.SIGKILL, _waits(lab), *SLOW).code == -signal.SIGKILL
    assert _waits(lab)()
    yield lab.run()


@row("process", "the lease of a living run on another machine", 5, "old", "named and waited for")
def held_elsewhere(lab: Lab):
    lab.put(LEASE, _lease(timedelta(minutes=2)))
    yield lab.run()
    (lab.folder / LEASE).unlink()


@row("process", "the lease of a machine that is gone", 0, "new", "taken over when it ran out")
def gone_elsewhere(lab: Lab):
    lab.put(LEASE, _lease(timedelta(minutes=-1)))
    yield lab.run()


@row("process", "a lease that nobody can read", 0, "new", "holds nobody back")
def damaged_lease(lab: Lab):
    lab.put(LEASE, b'{"run_id": "x", "unt')
    yield lab.run()


@row("process", "the machine's clock is two days behind", 4, "old", "the fence holds")
def clock_behind(lab: Lab):
    yield lab.run(as_of="2026-03-12T10:30Z")


@row("process", "an instant that has not come yet", 2, "old", "found before any call")
def clock_ahead(lab: Lab):
    yield lab.run(as_of="2999-01-01")


@row("process", "the same run twice", 0, "old", "nothing new: not a byte changes")
def twice(lab: Lab):
    before = lab.data("out/x.parquet"), lab.data("out/x.published/current.json")
    done = lab.run(as_of=YESTERDAY)
    assert before == (lab.data("out/x.parquet"), lab.data("out/x.published/current.json"))
    yield done


@row("process", "all calls that it may make are made", 6, "old", "the next run goes on", quick=True)
def no_more_calls(lab: Lab):
    yield lab.run("--max-calls", "9")


@row("process", "the time that it may take is over", 6, "old", "the next run goes on")
def no_more_time(lab: Lab):
    yield lab.run("--timeout", "1.5s", *SLOW)


@row("process", "nobody reads what the run prints", 0, "new", "published all the same")
def deaf(lab: Lab):
    process = lab.start()
    process.stdout.close()
    process.stdout = None
    yield lab.end(process)


def _lease(left: timedelta) -> bytes:
    now = datetime.now(timezone.utc)
    who = {"run_id": "theirs", "host": "another-machine", "pid": 1}
    when = {"since": now - timedelta(hours=1), "until": now + left}
    return json.dumps(who | {name: one.isoformat() for name, one in when.items()}).encode()
