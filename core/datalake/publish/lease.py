"""A lease on an output: it keeps two runs from spending quota on the same files, and no more.

Nothing that is published depends on it. A holder that dies, sleeps or loses the store is overtaken
when its lease runs out; should it wake up, the pointer's fence decides whose files stand.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import asdict, evolve, frozen

from ..errors import Conflict, Held, StoreError
from ..stores import ABSENT, Store
from .living import birth, gone, whereabouts
from .pointer import DAMAGE

log = logging.getLogger(__name__)

KEY = "lease.json"
#: How long a holder is believed to live without a sign. Renewed three times as often: one write of
#: a small object every forty seconds, and a crashed machine blocks the next run for two minutes.
LASTS = timedelta(minutes=2)
RENEWALS = 3
#: The seconds that the end of a run waits for the lease's removal.
PATIENCE = 3.0


@frozen
class Lease:
    """Who is at work on an output, since when, and until when that is believed without a sign.

    `born` tells the process from a later one of the same number, `whereabouts` its machine or
    container from others of the same name; empty where that is not known.
    """

    run_id: str
    host: str
    pid: int
    since: datetime
    until: datetime
    born: str = ""
    whereabouts: str = ""

    def __str__(self) -> str:
        return (
            f"run {self.run_id} (process {self.pid} on {self.host}, since {self.since:%H:%M:%SZ})"
        )

    def counts(self, now: datetime) -> bool:
        """Whether the holder may still be at work: a process of this machine is looked for."""
        here = (self.host, self.whereabouts) == (socket.gethostname(), whereabouts())
        return now < self.until and not (here and gone(self.pid, self.born))

    def encode(self) -> bytes:
        return json.dumps(asdict(self), default=datetime.isoformat).encode()


def look(store: Store) -> tuple[Lease | None, str]:
    """The lease that lies in the store, and its generation; None for none or a damaged one."""
    stored = store.get(KEY)
    if stored is None:
        return None, ABSENT
    try:
        found = json.loads(stored.data)
        since, until = (datetime.fromisoformat(found[name]) for name in ("since", "until"))
        if since.tzinfo is None or until.tzinfo is None:
            return None, stored.generation
        who = str(found["run_id"]), str(found["host"]), int(found["pid"])
        process = (str(found.get(name, "")) for name in ("born", "whereabouts"))
        lease = Lease(*who, since, until, *process)
        return lease, stored.generation
    except DAMAGE:
        return None, stored.generation  # nobody can be waited for by what it says


@contextmanager
def leased(store: Store, run_id: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """Hold the output's lease while the block runs, with a thread that renews it.

    Raises Held where another run has it. A store that cannot be written costs only the lease.
    """
    now = clock()
    pid = os.getpid()
    who = (run_id, socket.gethostname(), pid)
    lease = Lease(*who, now, now + LASTS, birth(pid), whereabouts())
    keeper = _Keeper(store, lease, clock)
    try:
        keeper.begin()
        yield
    finally:
        keeper.end()


def _take(store: Store, mine: Lease, now: datetime) -> str:
    holder, generation = look(store)
    if holder is not None and holder.counts(now):
        raise _held(store, holder)
    try:
        return store.put(KEY, mine.encode(), {}, if_generation=generation)
    except Conflict:
        holder, _ = look(store)
        if holder is None:
            raise  # taken and let go again in this moment: as good as no lease
        raise _held(store, holder) from None


def _held(store: Store, holder: Lease) -> Held:
    return Held(
        f"{holder} is at work on the same output ({store.url}): wait for its end, or choose "
        f"another --output; should it have died, its lease ends at {holder.until:%H:%M:%SZ}"
    )


class _Keeper:
    """A thread that takes a lease, renews it until its end, and then removes it; what another run
    has taken over is left to it. No signal reaches that thread: what it took, it also lets go."""

    def __init__(self, store: Store, lease: Lease, clock: Callable[[], datetime]) -> None:
        self._store, self._lease, self._clock = store, lease, clock
        self._generation = ABSENT
        self._refused: Held | None = None
        self._begun, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def begin(self) -> None:
        """Take the lease; raises Held."""
        self._thread.start()
        while not self._begun.wait(0.5):  # a short wait at a time, so that a signal is heard
            pass
        if self._refused is not None:
            raise self._refused

    def end(self) -> None:
        """Let go. A store that does not answer holds nobody up: the lease runs out by itself."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def _keep(self) -> None:
        try:
            self._generation = _take(self._store, self._lease, self._lease.since)
        except Held as refused:
            self._refused = refused
            return
        except StoreError as error:
            log.warning(
                "no lease on %s, so another run may do the same work: %s", self._store.url, error
            )
            return
        finally:
            self._begun.set()
        try:
            while not self._ended.wait(LASTS.total_seconds() / RENEWALS):
                self._renew()
            self._store.delete(KEY, if_generation=self._generation)
        except Conflict:
            if not self._ended.is_set():
                log.warning("another run took over the lease on %s", self._store.url)
        except StoreError as error:
            log.info("the lease on %s was not removed: %s", self._store.url, error)

    def _renew(self) -> None:
        lease = evolve(self._lease, until=self._clock() + LASTS)
        try:
            self._generation = self._store.put(
                KEY, lease.encode(), {}, if_generation=self._generation
            )
        except Conflict:
            raise
        except StoreError as error:
            log.info("the lease on %s was not renewed: %s", self._store.url, error)
