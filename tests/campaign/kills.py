"""Whole runs, killed at random instants: what is published stays whole, what was paid for stays."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from attrs import define, field

from datalake.running.fetching.lane import MOST

from .lab import TODAY, Beginning, Lab, lab
from .standing import Standing

#: More assets than a row has, so that there is more to be killed at.
MORE = ("--assets", "dogecoin,uniswap,ripple,chainlink,solana")
NURSERY = Path(__file__).with_name("nursery.py")
#: A call as the HTTP library logs it once its answer has begun.
CALL = re.compile(r'"GET (\S+) HTTP/1.1" 200')
#: What a run logs of each provider once it has all that there is to fetch.
FETCHED = b"provider done"
PROVIDERS = 3
#: Calls of one provider at once, times the providers: so many may be under way at a kill.
IN_FLIGHT = MOST * PROVIDERS


@define
class Toll:
    """What the kills did. `fetching` and `publishing` say where they fell: before all was fetched,
    and after. `repeated` are calls of a killed run that were answered and made
    again by the next one, `most_repeated` those after one kill; `wrong` says what must not be."""

    kills: int = 0
    too_late: int = 0
    fetching: int = 0
    publishing: int = 0
    calls: int = 0
    repeated: int = 0
    most_repeated: int = 0
    wrong: list[str] = field(factory=list)

    def add(self, other: Toll) -> None:
        for name in ("kills", "too_late", "fetching", "publishing", "calls", "repeated"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.most_repeated = max(self.most_repeated, other.most_repeated)
        self.wrong += other.wrong


@define
class Nursery:
    """A process that bears runs one after another."""

    process: subprocess.Popen[str]

    def bear(self, lab: Lab) -> int:
        """Start a run; its process's number."""
        args = [*lab.line(TODAY), "--quiet"]
        wish = {"folder": str(lab.folder), "args": args, "env": lab.variables}
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> int:
        """Wait for the run's end; its exit code."""
        return int(self.process.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(NURSERY)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "0\n"
            yield Nursery(process)
        finally:
            process.kill()


@define
class Progress:
    """What a run has come to, by the lines of its log: their bytes, and when all was fetched."""

    path: Path
    length: int = 0
    done: int = 0
    fetched_at: float | None = None

    @property
    def publishing(self) -> float:
        """For how many seconds it has been about to publish; less than 0 before that."""
        return -1.0 if self.fetched_at is None else time.monotonic() - self.fetched_at

    def look(self) -> None:
        with self.path.open("rb") as file:
            file.seek(self.length)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.length += len(whole) + len(newline)
        self.done += whole.count(FETCHED)
        if self.done >= PROVIDERS and self.fetched_at is None:
            self.fetched_at = time.monotonic()


@define
class Killer:
    """Kills runs born in one nursery. `lists` are the calls that every run makes, however much is
    cached; `says` is how many bytes the last run logged that nobody killed, and `publishes` how
    many seconds it took once all was fetched."""

    born: Nursery
    beginning: Beginning
    chance: random.Random
    toll: Toll = field(factory=Toll)
    lists: frozenset[str] = frozenset()
    says: int = 0
    publishes: float = 0.0
    cached: frozenset[tuple[str, object]] = frozenset()
    run: Progress = field(init=False)

    def learn(self, place: Lab) -> None:
        """What a run asks for although all is cached: the second of two has it."""
        for _ in range(2):
            assert self._run(place) == 0, said(place)
        self.lists = frozenset(calls(place))

    def episode(self, place: Lab, most: int) -> None:
        """One to `most` kills in a row, each looked at; then a run that nobody kills. Every other
        time with an empty cache."""
        paid: set[str] = set()
        if self.chance.random() < 0.5:
            place.forget()
        self.cached = place.standing().cached
        for _ in range(self.chance.randint(1, most)):
            code = self._run(place, self._instant())
            if code == -signal.SIGKILL:
                self.toll.kills += 1
                self.run.look()
                late = self.run.fetched_at is not None
                self.toll.publishing += late
                self.toll.fetching += not late
            else:
                self.toll.too_late += 1
            self._expect(code in (0, -signal.SIGKILL), f"a run ended with {code}", place)
            self._look(place, paid)
        code = self._run(place)
        self._expect(code == 0, f"the run after the kills ended with {code}", place)
        final = self._look(place, paid)
        same = final is not None and final.data == self.beginning.new.data
        self._expect(same, "the run after the kills made something else", place)

    def _instant(self) -> Callable[[Progress], bool]:
        """When to kill, by what the run has come to and not by the clock, of which a busy machine
        makes nonsense: a length of its log, or some time after all was fetched."""
        if self.chance.random() < 0.4:
            length = self.chance.uniform(0, self.says)
            return lambda run: run.length >= length
        wait = self.chance.uniform(0, 1.1 * self.publishes)
        return lambda run: run.publishing >= wait

    def _run(self, place: Lab, when: Callable[[Progress], bool] = lambda run: False) -> int:
        """A run to its end, or until it is killed: its exit code."""
        log(place).write_bytes(b"")  # that of the last run tells nothing of this one
        self.run = Progress(log(place))
        pid, ended = self.born.bear(place), Event()

        def watch() -> None:
            while not ended.wait(0.002):
                self.run.look()
                if when(self.run):
                    _kill(pid)
                    return

        watcher = Thread(target=watch)
        watcher.start()
        code = self.born.end()
        ended.set()
        watcher.join()
        if code == 0:
            self.says, self.publishes = self.run.length, max(self.run.publishing, 0.0)
        return code

    def _look(self, place: Lab, paid: set[str]) -> Standing | None:
        """Whatever is published is old or new, whole; what was cached is; calls are counted."""
        made = calls(place) - self.lists
        repeated = len(made & paid)
        paid |= made
        self.toll.calls += len(made)
        self.toll.repeated += repeated
        self.toll.most_repeated = max(self.toll.most_repeated, repeated)
        try:
            now = place.standing()
        except (KeyError, ValueError) as error:
            self._expect(False, f"what is published cannot be read: {error!r}", place)
            return None
        old, new = self.beginning.old, self.beginning.new
        self._expect(not now.damage, f"damaged: {now.damage}", place)
        self._expect(now.version in (old.version, new.version), f"version {now.version}", place)
        self._expect(self.cached <= now.cached, "the cache lost days", place)
        self.cached = now.cached
        for name, data in now.copies.items():
            whole = data in (old.copies[name], new.copies[name])
            self._expect(whole, f"{name} is neither the old nor the new one", place)
        return now

    def _expect(self, true: bool, otherwise: str, place: Lab) -> None:
        if not true:
            self.toll.wrong.append(f"{otherwise}: {said(place)[-300:]}")


def calls(place: Lab) -> set[str]:
    """What the last run asked of the vendors and was answered."""
    asked = CALL.findall(said(place))
    return {path for path in asked if not path.startswith(("/storage/", "/download/"))}


def log(place: Lab) -> Path:
    return place.folder / "stderr.txt"


def said(place: Lab) -> str:
    return log(place).read_text(encoding="utf-8")


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_runs(beginning: Beginning, kills: int, seed: int, most: int = 3) -> Toll:
    """Kill so many runs over copies of one beginning, in episodes of one to `most` kills."""
    with tempfile.TemporaryDirectory() as name, nursery() as born:
        killer = Killer(born, beginning, random.Random(seed))
        with lab(beginning, Path(name, "first")) as place:
            killer.learn(place)
        while killer.toll.kills < kills:
            with lab(beginning, Path(name, "again")) as place:
                killer.episode(place, most)
            shutil.rmtree(Path(name, "again"))
        return killer.toll
