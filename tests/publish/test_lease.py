"""One run at a time on an output, without ever needing a hand: holders die, clocks differ."""

import json
import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from datalake.errors import Held, ReadOnly
from datalake.publish.lease import KEY, LASTS, Lease, leased, look
from datalake.publish.living import birth, whereabouts
from datalake.stores import ABSENT
from datalake.stores.local import LocalStore
from datalake.stores.memory import MemoryStore

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)


NAIVE = (
    b'{"run_id": "x", "host": "y", "pid": 1,'
    b' "since": "2999-01-01T00:00:00", "until": "2999-01-01T00:00:00"}'
)
ENDLESS = (
    b'{"run_id": "x", "host": "y", "pid": 1e400,'
    b' "since": "2999-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}'
)


def at(moment):
    return lambda: moment


@pytest.fixture(params=["memory", "local"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path)


HERE = {"host": socket.gethostname(), "whereabouts": whereabouts()}


def lay(store, **changes):
    """Somebody's lease, as a run on another machine would have written it."""
    lease = Lease(**{"run_id": "theirs", "host": "elsewhere", "pid": 1, "since": NOW,
                     "until": NOW + LASTS} | changes)  # fmt: skip
    store.put(KEY, lease.encode(), {}, if_generation=ABSENT)
    return lease


def test_a_lease_is_held_and_let_go(store):
    with leased(store, "mine", at(NOW)):
        held, _ = look(store)
        me = (socket.gethostname(), os.getpid())
        process = birth(os.getpid()), whereabouts()
        assert held == Lease("mine", *me, NOW, NOW + LASTS, *process)
    assert look(store) == (None, ABSENT)


def test_the_second_is_told_who_the_first_is(store):
    with leased(store, "first", at(NOW)), pytest.raises(Held) as refused:  # noqa: SIM117
        with leased(store, "second", at(NOW)):
            pytest.fail("both have it")
    text = str(refused.value)
    for part in ("run first", f"process {os.getpid()}", socket.gethostname(), "10:30:00Z", "10:32"):
        assert part in text


def test_a_failing_run_lets_go(store):
    with pytest.raises(RuntimeError), leased(store, "mine", at(NOW)):
        raise RuntimeError("the run broke")
    assert look(store)[0] is None


def test_one_that_ran_out_is_taken_over(store):
    lay(store)
    with pytest.raises(Held), leased(store, "mine", at(NOW + LASTS - timedelta(seconds=1))):
        pass
    with leased(store, "mine", at(NOW + LASTS)):
        assert look(store)[0].run_id == "mine"


def test_a_process_of_this_machine_that_died_is_not_waited_for(store):
    """A run that was killed may be started again at once."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lay(store, **HERE, pid=dead.pid)
    with leased(store, "mine", at(NOW)):
        assert look(store)[0].run_id == "mine"


def test_a_number_that_no_process_can_have_holds_nobody_back(store):
    lay(store, **HERE, pid=10**30)
    with leased(store, "mine", at(NOW)):
        assert look(store)[0].run_id == "mine"


@pytest.mark.skipif(not whereabouts(), reason="this system does not tell its containers apart")
@pytest.mark.parametrize("elsewhere", ["", "another start pid:[4026531836]"])
def test_a_container_of_the_same_name_is_not_this_machine(store, elsewhere):
    """There the number is another process's: that none has it here says nothing."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lay(store, host=socket.gethostname(), pid=dead.pid, whereabouts=elsewhere)
    with pytest.raises(Held), leased(store, "mine", at(NOW)):
        pass


def test_a_living_process_of_this_machine_is(store):
    lay(store, **HERE, pid=os.getppid())
    with pytest.raises(Held), leased(store, "mine", at(NOW)):
        pass


@pytest.mark.skipif(not birth(os.getpid()), reason="this system does not tell a process's start")
def test_a_number_that_is_another_process_now_holds_nobody_back(store):
    """As in a container that is started again, where each run has the number of the one before."""
    lay(store, **HERE, pid=os.getpid(), born="1")
    with leased(store, "mine", at(NOW)):
        assert look(store)[0].run_id == "mine"


@pytest.mark.skipif(not birth(os.getpid()), reason="this system does not tell a process's state")
def test_one_whose_parent_has_not_noticed_its_death_holds_nobody_back(store):
    """A zombie has a number, and can even be signalled."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as dead:
        lay(store, **HERE, pid=dead.pid, born=birth(dead.pid))
        with pytest.raises(Held), leased(store, "mine", at(NOW)):
            pass
        dead.kill()
        os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped
        with leased(store, "mine", at(NOW)):
            assert look(store)[0].run_id == "mine"


@pytest.mark.parametrize(
    "damage",
    [b"", b"null", b"[]", b"{}", b'{"run_id": 1}', b"\xff\xfe", NAIVE, ENDLESS, b"[" * 100_000],
    ids=lambda damage: damage[:30].decode(errors="replace"),
)
def test_a_damaged_lease_holds_nobody_back(store, damage):
    store.put(KEY, damage, {}, if_generation=ABSENT)
    with leased(store, "mine", at(NOW)):
        assert json.loads(store.get(KEY).data)["run_id"] == "mine"


def test_what_another_run_took_over_is_left_to_it(store):
    """The first's machine slept for longer than its lease lasts."""
    with leased(store, "slow", at(NOW)):
        store.delete(KEY)
        theirs = lay(store)
    assert look(store)[0] == theirs


def test_a_store_that_takes_nothing_costs_only_the_lease(caplog):
    class Shut(MemoryStore):
        def put(self, *args, **more):
            raise ReadOnly("no permission to write")

    with leased(Shut(), "mine", at(NOW)):
        pass
    assert "no lease on" in caplog.text
    assert "no permission to write" in caplog.text


def test_it_is_renewed_while_the_run_goes_on(store, monkeypatch):
    monkeypatch.setattr("datalake.publish.lease.LASTS", timedelta(milliseconds=30))
    moments = iter(NOW + timedelta(seconds=n) for n in range(10_000))
    with leased(store, "mine", lambda: next(moments)):
        first, _ = look(store)
        while look(store)[0].until == first.until:
            pass
        assert look(store)[0].since == first.since
