"""Many pipelines, one bucket: processes that write one series at once, and are killed at it."""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pytest

from datalake.cache import AssetCache, SeriesKey
from datalake.errors import Conflict
from datalake.models import Column, Dataset, Stamp
from datalake.stores.local import LocalStore
from datalake.stores.memory import MemoryStore

HERE = Path(__file__).parent
KEY = SeriesKey("acme", "market", "bitcoin")
DATASET = Dataset(
    name="market",
    columns={"rank": Column("", "", type="int64")},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
FAIR, NAIVE = "datalake.stores.opening:open_local", "broken:open_naive"


@contextmanager
def worker(opener, root, seed, rounds):
    """One process; killed at the end if it is still there."""
    command = [sys.executable, str(HERE / "worker.py"), opener, f"file://{root}", str(seed), "4"]
    path = os.pathsep.join([str(HERE.parent / "stores"), *filter(None, [os.getenv("PYTHONPATH")])])
    with subprocess.Popen(
        [*command, str(rounds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def days_in(text):
    return {date.fromisoformat(day) for day in text.split()}


def cached(root):
    cache = AssetCache(LocalStore(root), clock=lambda: None)
    table = cache.read(KEY, DATASET)
    days = table["date"].to_pylist()
    assert table["rank"].to_pylist() == [(day - date(1970, 1, 1)).days for day in days]
    return set(days)


def lost(opener, root, *, workers, rounds):
    """How many acknowledged days are missing after so many processes wrote together."""
    with ExitStack() as stack:
        processes = [stack.enter_context(worker(opener, root, n, rounds)) for n in range(workers)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        acknowledged = set()
        for process in processes:
            acknowledged |= days_in(process.communicate()[0])
            assert process.returncode == 0
    return len(acknowledged - cached(root))


def test_processes_lose_no_row(tmp_path):
    """Four pipelines fetch different days of one series at once: all are there in the end."""
    assert lost(FAIR, tmp_path, workers=4, rounds=15) == 0


def test_without_preconditions_rows_are_lost(tmp_path):
    """Positive control: the same race over a store that checks first and writes later."""
    for attempt in range(5):
        if lost(NAIVE, tmp_path / str(attempt), workers=4, rounds=15):
            return
    pytest.fail("five races over a naive store lost nothing: the race proves nothing")


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_at_any_instant(tmp_path, kills):
    """Two pipelines, one of them killed again and again: what was acknowledged is there."""
    chance = random.Random(20260315)
    acknowledged = set()
    with worker(FAIR, tmp_path, 0, 100_000) as steady:
        steady.stdout.readline()
        steady.stdin.write("go\n")
        steady.stdin.flush()
        for kill in range(kills):
            with worker(FAIR, tmp_path, kill + 1, 100_000) as victim:
                victim.stdout.readline()
                victim.stdin.write("go\n")
                victim.stdin.flush()
                for _ in range(chance.randint(1, 15)):
                    acknowledged |= days_in(victim.stdout.readline())
                    acknowledged |= days_in(steady.stdout.readline())
                victim.kill()
                acknowledged |= days_in(victim.stdout.read())
        steady.kill()
        acknowledged |= days_in(steady.stdout.read())
    assert acknowledged <= cached(tmp_path)
    assert len(acknowledged) > 5 * kills


class Rival(MemoryStore):
    """A store in which somebody else always writes first, a given number of times."""

    def put(self, key, data, metadata, *, if_generation):
        if RIVALS:
            RIVALS.pop()(key)
        return super().put(key, data, metadata, if_generation=if_generation)


RIVALS = []


def test_a_rival_between_read_and_write(new_lake, key):
    """Both keep their rows, and the second fetches nothing again."""
    lake = new_lake(Rival())
    other = new_lake(lake.store)
    RIVALS.append(lambda path: other.get("2026-03-05", "2026-03-10"))
    lake.get("2026-03-01", "2026-03-08")
    assert len(lake.slept) == 1
    assert (len(lake.calls), len(other.calls)) == (1, 1)
    assert len(lake.cache.read(key, lake.dataset)) == 9
    assert lake.get("2026-03-01", "2026-03-10").hit


def test_bounded_tries(new_lake, key, caplog):
    """Should somebody else always be first, the rows are served and the caching is given up."""
    lake = new_lake(AlwaysBeaten())
    assert len(lake.get("2026-03-01", "2026-03-08").table) == 7
    assert len(lake.slept) == 20
    assert all(0 <= wait <= 0.5 for wait in lake.slept)
    assert "others wrote it 20 times meanwhile" in caplog.text


class AlwaysBeaten(MemoryStore):
    """Every write comes too late."""

    def put(self, key, data, metadata, *, if_generation):
        raise Conflict(key)


def test_a_lost_response_is_written_once(new_lake, key):
    """The write was applied, but the answer said Conflict: nothing is left to add."""

    class LostResponse(MemoryStore):
        puts = 0

        def put(self, key, data, metadata, *, if_generation):
            generation = super().put(key, data, metadata, if_generation=if_generation)
            LostResponse.puts += 1
            if LostResponse.puts == 1:
                raise Conflict("412, although it was stored")
            return generation

    lake = new_lake(LostResponse())
    assert len(lake.get("2026-03-01", "2026-03-08").table) == 7
    assert LostResponse.puts == 1
    assert lake.get("2026-03-01", "2026-03-08").hit


def test_threads_share_a_cache(lake):
    """Sixteen threads on eight series, in a pool as a run has it: all right, each fetched once."""
    keys = [SeriesKey("acme", "market", f"asset-{number}") for number in range(8)]
    window = lake.get("2026-03-01", "2026-03-08").fetched
    lake.calls.clear()

    def run(key):
        return lake.cache.get_or_fetch(key, lake.dataset, key.asset, window, window, lake.fetch)

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(run, keys))
        second = list(pool.map(run, keys * 2))
    assert len(lake.calls) == 8
    assert {len(result.table) for result in first + second} == {7}
    assert all(result.hit for result in second)
