"""A plugin that misbehaves while it is loaded is contained, or at least named."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from datalake import ConfigError
from datalake.cli.plugin_options import find_plugins
from datalake.plugins import Plugin, load

from .test_loading import GOOD

Install = Callable[..., None]
COMMAND = [sys.executable, "-c", "from datalake.cli import main; main()"]


def loaded(name: str) -> Plugin:
    (plugin,) = load([name]).plugins
    return plugin


def listed(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `datalake plugins list` says where the plugins of a folder are installed."""
    return subprocess.run(
        [*COMMAND, "plugins", "list", "--format", "json", *arguments],
        env={"PYTHONPATH": str(folder), "PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
    )


def test_each_plugin_tells_what_it_is(install: Install, tmp_path: Path) -> None:
    """Name, version, distribution, hooks, time and state; the broken one with its error."""
    install("acme_good", GOOD, dist="acme-good", version="0.7")
    install("acme_bad", "raise RuntimeError('no licence')")
    done = listed(tmp_path)
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    good, bad = rows["acme_good"], rows["acme_bad"]
    assert good.pop("seconds") > 0
    assert good == {
        "name": "acme_good",
        "distribution": "acme-good",
        "version": "0.7",
        "hooks": ["register_providers"],
        "brings": ["provider acme"],
        "state": "ready",
        "error": None,
        "notes": [],
    }
    assert (bad["state"], bad["error"]) == ("broken", "RuntimeError: no licence")
    assert {"coingecko", "defillama", "lunarcrush"} < set(rows)


def test_what_is_printed_is_not_data(install: Install, tmp_path: Path) -> None:
    """Neither by print nor past Python; the other plugins and the command are as they were."""
    install(
        "acme_loud",
        "import os, subprocess\nprint('Welcome to Acme')\nos.write(1, b'raw')\n"
        "subprocess.run(['echo', 'program'])\n" + GOOD,
    )
    done = listed(tmp_path)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["acme_loud"]["state"] == "odd"
    assert rows["acme_loud"]["notes"] == ["it printed while it was loaded: 'Welcome to Acme'"]
    assert rows["acme_loud"]["brings"] == ["provider acme"]


def test_other_threads_go_on_printing(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what the plugin itself prints is its."""
    install(
        "acme_slow",
        "import threading\nthread = threading.Thread(target=print, args=['from a thread'])\n"
        "thread.start()\nthread.join()\nprint('from the plugin')\n",
    )
    assert loaded("acme_slow").notes == ("it printed while it was loaded: 'from the plugin'",)
    assert capsys.readouterr().out == "from a thread\n"


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nsys.stdout.reconfigure(errors='replace')\nprint('hello')\n",
        "import sys\nsys.stdout.buffer.write(b'hello')\nsys.stdout.flush()\n",
        "import sys\nsys.stdout.fileno(), sys.stdout.isatty()\nprint('hello')\n",
    ],
)
def test_stdout_can_be_used_as_ever(install: Install, source: str) -> None:
    """Whoever treats it as a stream of the usual kind is no broken plugin."""
    install("acme_stream", source + GOOD)
    plugin = loaded("acme_stream")
    assert plugin.error is None
    assert plugin.notes == ("it printed while it was loaded: 'hello'",)


def test_a_stdout_that_is_closed_is_put_back(install: Install) -> None:
    """The one that others write to was another one."""
    install("acme_closing", "import sys\nsys.stdout.close()\n" + GOOD)
    assert loaded("acme_closing").error is None
    assert not sys.stdout.closed


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (
            "import requests\nrequests.Session.send = lambda *given, **more: None",
            "requests.Session.send",
        ),
        ("import requests\nrequests.get = print", "requests.get"),
        ("import requests\nrequests.Session.get = print", "requests.Session.get"),
        ("import requests\nrequests.Session.__init__ = print", "requests.Session.__init__"),
        ("import json\njson.loads = print", "json.loads"),
        ("import socket\nsocket.getaddrinfo = None", "socket.getaddrinfo"),
        ("import time\ndel time.sleep", "time.sleep"),
        ("import sys\nsys.stdout = None", "sys.stdout"),
        ("import os\nos.chdir('/')", "the working directory"),
        ("import socket\nsocket.setdefaulttimeout(1)", "the time-out of sockets"),
        (
            "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
            "the handler of SIGTERM",
        ),
        ("import requests\nrequests.get = print\nraise SystemExit", "requests.get"),
    ],
)
def test_what_it_replaces_for_everybody_is_put_back(
    source: str, what: str, install: Install
) -> None:
    """And named; whether it could be loaded or not."""

    def state() -> tuple[object, ...]:
        return (
            *(requests.Session.send, requests.Session.get, requests.Session.__init__),
            *(requests.get, json.loads, socket.getaddrinfo, time.sleep, sys.stdout),
            *(Path.cwd(), socket.getdefaulttimeout(), signal.getsignal(signal.SIGTERM)),
        )

    before = state()
    install("acme_patching", source)
    plugin = loaded("acme_patching")
    assert state() == before
    assert f"it replaced {what}, which was put back" in plugin.notes


def test_a_cache_for_all_of_requests_is_taken_out(install: Install) -> None:
    """The usual one-liner would keep keys and answers of all providers on disk."""
    install(
        "acme_caching",
        "import requests_cache\nrequests_cache.install_cache('acme', backend='memory')\n",
    )
    session = requests.Session
    assert "it replaced requests.Session, which was put back" in loaded("acme_caching").notes
    assert requests.Session is requests.sessions.Session is session


def test_a_thread_is_named_and_holds_nobody(install: Install, tmp_path: Path) -> None:
    """It cannot be stopped, but the command ends without it."""
    install(
        "acme_thread",
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=[3600], name='acme-poll').start()\n" + GOOD,
    )
    done = listed(tmp_path)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 0
    assert rows["acme_thread"]["notes"] == ["it started the thread acme-poll, which goes on"]


class Heard(logging.Handler):
    """Makes a file once it has heard a warning, and keeps the warning."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file, self.text = file, ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()
        self.file.touch()


def test_who_waits_is_told_for_what(install: Install, tmp_path: Path) -> None:
    """An import cannot be given up from outside; who it is, where, and how to do without can be
    said."""
    install(
        "acme_hanging",
        "import pathlib, time\n"
        f"while not pathlib.Path({str(tmp_path / 'heard')!r}).exists():\n    time.sleep(0.01)\n",
        dist="acme-hanging",
        version="3.1",
    )
    heard = Heard(tmp_path / "heard")
    logging.getLogger("datalake.isolation").addHandler(heard)
    try:
        load(["acme_hanging"], patience=0.01)  # ends because the warning was heard
    finally:
        logging.getLogger("datalake.isolation").removeHandler(heard)
    assert heard.text.startswith("plugin acme_hanging (acme-hanging 3.1) has been loading for ")
    assert re.search(r" s, at .+\.py:\d+; ", heard.text)
    assert heard.text.endswith("DATALAKE_PLUGINS=-acme_hanging leaves it out")


def test_a_command_that_hangs_in_a_plugin_can_be_ended(install: Install, tmp_path: Path) -> None:
    """By SIGTERM, at once, with its exit code."""
    install(
        "acme_hanging",
        f"import time\nopen({str(tmp_path / 'hangs')!r}, 'w').close()\ntime.sleep(3600)\n",
    )
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [*COMMAND, "plugins", "list"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE
    ) as process:
        while not (tmp_path / "hangs").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.terminate()
        assert process.wait(60) == 143
        assert process.stderr is not None
        process.stderr.read()


def test_lists_allow_and_deny(install: Install) -> None:
    """Names alone are all that is loaded; names with a dash are all that is not."""
    install("acme_unwanted", "raise SystemExit('imported')")
    denied = find_plugins(None, False, {"DATALAKE_PLUGINS": "-acme_unwanted"})
    assert [plugin.name for plugin in denied.skipped] == ["acme_unwanted"]
    assert set(denied.providers) == {"coingecko", "defillama", "lunarcrush"}
    both = find_plugins(("coingecko", "acme_unwanted", "-acme_unwanted"), False, {})
    assert set(both.providers) == {"coingecko"}
    flag = find_plugins(("-lunarcrush", "-acme_unwanted"), False, {"DATALAKE_PLUGINS": "coingecko"})
    assert set(flag.providers) == {"coingecko", "defillama"}  # the flag goes over the variable
    with pytest.raises(ConfigError, match="did you mean 'acme_unwanted'"):
        find_plugins(("acme_unwantd",), False, {})


def test_a_name_to_leave_out_need_not_be_installed(caplog: pytest.LogCaptureFixture) -> None:
    """Machines share settings; a slip of the pen is told all the same."""
    assert "coingecko" in load(["-acme_gone"]).providers
    assert "'acme_gone' is to be left out, and is not installed" in caplog.text


def test_a_flag_may_begin_with_a_dash(install: Install, tmp_path: Path) -> None:
    """`--plugins -acme` is a name to leave out, and no flag of its own."""
    install("acme_unwanted", "raise SystemExit('imported')")
    rows = json.loads(listed(tmp_path, "--plugins", "-acme_unwanted").stdout)
    states = {row["name"]: row["state"] for row in rows}
    assert (states["acme_unwanted"], states["coingecko"]) == ("not allowed", "ready")


def test_each_step_can_be_told(install: Install, tmp_path: Path) -> None:
    """On stderr, so that the last line names what hangs or ends the process."""
    install("acme_ending", "import os\nos._exit(9)\n")
    done = listed(tmp_path, DATALAKE_TRACE_PLUGINS="1")
    assert done.returncode == 9
    assert done.stderr.splitlines()[-1] == (
        "plugins: plugin acme_ending (acme_ending 1.2): import acme_ending"
    )
    told = listed(tmp_path, DATALAKE_TRACE_PLUGINS="1", DATALAKE_PLUGINS="coingecko").stderr
    assert "coingecko (crypto-datalake" in told
    assert ": register_providers()" in told
    assert "plugins:" not in listed(tmp_path, DATALAKE_PLUGINS="coingecko").stderr


def test_a_key_that_is_printed_is_not_repeated(install: Install) -> None:
    """Neither in a note nor in an error."""
    install("acme_leaking", "import os\nprint('key', os.environ['COINGECKO_DEMO_API_KEY'])\n")
    secret = "CG-AbCdEf0123456789AbCdEf01"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COINGECKO_DEMO_API_KEY", secret)
        registry = find_plugins(None, False, {"COINGECKO_DEMO_API_KEY": secret})
    (plugin,) = (one for one in registry.plugins if one.name == "acme_leaking")
    assert plugin.notes
    assert secret not in str(registry.plugins)


def test_lakes_are_opened_by_threads(install: Install) -> None:
    """Whoever loads plugins in a thread gets them, and leaves stdout as it was."""
    install("acme_loud", "print('hello')\n" + GOOD)
    real, found = sys.stdout, []
    threads = [threading.Thread(target=lambda: found.append(load())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.stdout is real
    assert [("acme" in registry.providers) for registry in found] == [True] * 4
