"""Providers of others that misbehave in a run: each costs its own series and nothing more."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import DATALAKE, TINY, Done, environment

SOURCE = """
import os, sys, time
from datalake import Column, Dataset, Plan, Provider, Rate, Stamp, hookimpl

{code}

@hookimpl
def register_providers():
    fees = Dataset(name="fees", columns={{"fees": Column("USD", "fees paid")}}, fetch=fetch,
                   stamp=Stamp.START{more})
    plan = Plan("free", "https://api.coingecko.com/api/v3", Rate(6000))
    return [Provider(name="{name}", title="{name}", datasets=[fees], plans=[plan])]
"""

#: Name -> (what its fetch does, what the report must say of it).
MISBEHAVING = {
    "nonsense": ("return 42", "a fetch returns an Arrow table"),
    "raises": ("raise KeyError('no such thing')", "raises failed: KeyError"),
    "exits": ("sys.exit(0)", "exits failed: SystemExit"),
    "recurses": ("return fetch(native_id, window, client)", "RecursionError"),
    "ancient": ("return {'time': [1], 'fees': [1.0]}", "are they milliseconds?"),
    "texts": ("return {'time': [window.start], 'fees': ['a lot']}", "fees"),
    "climbs": ("return client.get('/../../secret')", "has . or .. in its path"),
    "insides": ("raise RuntimeError(os.environ['COINGECKO_PRO_API_KEY'])", "RuntimeError"),
}
WELL = {
    "prints": "print('hello'); sys.stderr.write('hello\\n'); return {'time': [], 'fees': []}",
    "dawdles": "time.sleep(0.2); return {'time': [window.start], 'fees': [1.0]}",
    "frames": (
        "import pandas as pd; days = pd.date_range(window.start, window.last, tz='UTC');"
        " return pd.DataFrame({'time': days, 'fees': range(len(days))})"
    ),
}


def install(folder: Path, name: str, code: str, more: str = "") -> None:
    """A distribution with one provider, as pip would leave it; `code` is the body of its fetch."""
    body = f"def fetch(native_id, window, client):\n    {code}"
    module = folder / f"{name}_plugin.py"
    module.write_text(SOURCE.format(code=body, name=name, more=more))
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[datalake]\n{name} = {name}_plugin\n")


def command(*providers: str) -> list[str]:
    """A tiny run with these providers beside CoinGecko."""
    datasets = ["coingecko.market", *(f"{name}.fees" for name in providers)]
    names = ("--providers", ",".join(["coingecko", *providers]), "--datasets", ",".join(datasets))
    return [*DATALAKE, *TINY, *names]


def run(folder: Path, *providers: str, flags: tuple[str, ...] = (), **env: str) -> Done:
    """How that run ends."""
    done = subprocess.run(
        [*command(*providers), *flags],
        cwd=folder,
        env=environment(folder, PYTHONPATH=str(folder / "site"), **env),
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where the foreign distributions lie."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def test_each_misbehaving_provider_costs_its_own_series(tmp_path: Path, site: Path) -> None:
    """All of them at once: published, degraded, and each with its reason in the report."""
    for name, (code, _) in MISBEHAVING.items():
        install(site, name, code)
    install(site, "numbers", "return {}", more=", resolve=lambda asset, client: 17")
    secret = {"COINGECKO_PRO_API_KEY": "CG-Canary0123456789"}
    done = run(tmp_path, *MISBEHAVING, "numbers", **secret)
    assert done.code == 3, done.err
    report = json.loads((tmp_path / ".datalake/sandbox/user_facing_data.report.json").read_text())
    for name, (_, said) in {**MISBEHAVING, "numbers": ("", "gave 17")}.items():
        (failure,) = report["providers"][name]["failed"]
        assert said in failure["error"], name
    assert report["providers"]["coingecko"]["failed"] == []
    assert report["output"]["rows"] == 14


def test_a_provider_cannot_show_another_ones_key(tmp_path: Path, site: Path) -> None:
    """Not in its exceptions, wherever those are told."""
    install(site, "insides", MISBEHAVING["insides"][0])
    key = {"COINGECKO_PRO_API_KEY": "CG-Canary0123456789"}
    done = run(tmp_path, "insides", flags=("--log-level", "debug"), **key)
    assert done.code == 3
    report = (tmp_path / ".datalake/sandbox/user_facing_data.report.json").read_text()
    assert "Canary" not in done.out + done.err + report


def test_odd_but_honest_providers_are_served(tmp_path: Path, site: Path) -> None:
    """Pandas is welcome, slowness is waited for, and what is printed stays off stdout."""
    for name, code in WELL.items():
        install(site, name, code)
    done = run(tmp_path, *WELL)
    assert done.code == 0, done.err
    assert "hello" not in done.out
    assert done.err.count("hello") == 2


def test_a_broken_plugin_is_told_in_the_logs_form(tmp_path: Path, site: Path) -> None:
    """As JSON where that was asked for; the run goes on without it, exit 0."""
    install(site, "lost", "return {}")
    (site / "lost_plugin.py").write_text("raise RuntimeError('no licence')")
    done = run(tmp_path, flags=("--log-format", "json"))
    assert done.code == 0
    (record,) = map(json.loads, done.err.splitlines())
    assert "plugin lost (lost 1.2) is left out: RuntimeError: no licence" in record["event"]


def test_a_provider_that_hangs_does_not_hold_back_a_signal(tmp_path: Path, site: Path) -> None:
    """Ctrl-C ends the run at once, though a fetch sleeps for an hour."""
    install(site, "hangs", "sys.stderr.write('asleep\\n'); time.sleep(3600)")
    process = subprocess.Popen(
        command("hangs"),
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=str(site)),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    while "asleep" not in process.stderr.readline():
        assert process.poll() is None
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert time.monotonic() - sent < 20
    assert "interrupted" in process.stderr.read()
    process.stderr.close()
