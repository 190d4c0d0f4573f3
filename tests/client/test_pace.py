"""One rate for all processes of a machine that use one key."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from datalake.client import Throttle
from datalake.client.pace import MOST_AHEAD, SharedPace, machine_pace
from datalake.models import Rate
from datalake.secrets import Secret

CALLER = """
import sys, time
from pathlib import Path
from datalake.client import Throttle
from datalake.client.pace import SharedPace
from datalake.models import Rate

throttle = Throttle(Rate(100, 1.0), pace=SharedPace(Path(sys.argv[1])))
for _ in range(40):
    print(throttle._pace.reserve(time.monotonic(), throttle.interval))
"""


def test_processes_share_the_slots(tmp_path):
    """Four processes at once: no slot is given out twice, none is closer than the interval."""
    command = [sys.executable, "-c", CALLER, str(tmp_path / "pace")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    slots = sorted(float(line) for one in processes for line in one.communicate()[0].split())
    assert len(slots) == 160
    interval = Rate(100, 1.0).interval / 0.98
    assert all(later - earlier >= interval - 1e-6 for earlier, later in pairwise(slots))


def test_a_pause_holds_the_others_too(tmp_path):
    """What one process was told by the vendor goes for all."""
    one, other = (SharedPace(tmp_path / "pace") for _ in range(2))
    one.postpone(1_000.0)
    assert other.reserve(10.0, 1.0) == 1_000.0
    assert one.reserve(10.0, 1.0) == 1_001.0


def test_threads_share_it_as_well(tmp_path):
    """No slot is lost or given twice between threads of one process."""
    pace, slots, lock = SharedPace(tmp_path / "pace"), [], threading.Lock()

    def work():
        for _ in range(50):
            slot = pace.reserve(0.0, 1.0)
            with lock:
                slots.append(slot)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slots) == [float(n) for n in range(400)]


@pytest.mark.parametrize(
    "left", [b"", b"short", b"\xff" * 8, b"x" * 20], ids=["empty", "short", "nan", "long"]
)
def test_whatever_lies_there_harms_nothing(tmp_path, left):
    """Nobody waits for a damaged file; afterwards it is whole."""
    path = tmp_path / "pace"
    path.write_bytes(left)
    pace = SharedPace(path)
    first = pace.reserve(100.0, 1.0)
    assert 100.0 <= first <= 100.0 + MOST_AHEAD
    assert pace.reserve(100.0, 1.0) == first + 1.0


def test_slots_from_before_a_restart_do_not_count(tmp_path):
    """The monotonic clock begins anew when the machine does."""
    SharedPace(tmp_path / "pace").reserve(5_000_000.0, 1.0)
    assert SharedPace(tmp_path / "pace").reserve(12.0, 1.0) == 12.0


def test_a_place_that_cannot_be_used_costs_only_the_sharing(tmp_path, caplog):
    """The process keeps its own pace, and says so once, for whoever looks for it."""
    caplog.set_level("INFO")
    throttle = Throttle(Rate(6_000), pace=SharedPace(tmp_path / "nowhere" / "pace"))
    began = time.monotonic()
    for _ in range(5):
        throttle.wait()
    throttle.pause(0.0)
    assert time.monotonic() - began >= 4 * Rate(6_000).interval
    assert caplog.text.count("is not shared") == 1


def test_one_key_one_file_and_no_key_in_its_name(tmp_path, monkeypatch):
    """Another key, another provider or none has a pace of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    keys = [Secret("CG-canary-1", "KEY"), Secret("CG-canary-2", "KEY"), None]
    for provider in ("coingecko", "lunarcrush"):
        for key in keys:
            machine_pace(provider, key).reserve(0.0, 1.0)
    assert machine_pace("coingecko", keys[0]).reserve(0.0, 1.0) == 1.0
    files = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 6
    assert not any("canary" in name for name in files)


def test_a_home_without_room_costs_only_the_sharing(tmp_path, monkeypatch):
    """In a container there may be none."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert machine_pace("coingecko", None).reserve(5.0, 1.0) == 5.0
