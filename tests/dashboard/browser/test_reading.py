"""The page reads the parquet file by ranges, no more than is looked at, from any server."""

from __future__ import annotations

import functools
import http.server
import re
import signal
import subprocess
import sys
import threading

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from ..conftest import LAST
from .conftest import Elsewhere, Tab

FIRST = ".panels .chart:first-child"


@pytest.fixture
def own(site, sites):
    """The site once more, with a count of its own."""
    return sites(folder=site.folder)


def drawn(shown: Tab) -> Tab:
    shown.page.wait_for_selector(f"{FIRST} .readout b")
    return shown


def test_only_what_is_looked_at_is_read(own, tab, published):
    """By ranges alone; the first chart needs neither the runs nor other assets' details."""
    drawn(tab(own).open("asset/tether"))
    data = [(status, size) for path, status, size in own.sent if path.endswith("_data.parquet")]
    assert {status for status, _ in data} == {206}
    assert not own.bytes_of("runs.json")
    assert not [path for path, _, _ in own.sent if "/assets/" in path]


def test_the_market_reads_no_row(own, tab):
    """The overview has all that it shows."""
    tab(own).open()
    assert {path for path, _, _ in own.sent} == {
        *["/", "/app.js", "/app.css", "/data/overview.json"],
    }


def test_what_was_read_is_not_read_again(own, tab):
    """Neither for another range nor after going to another asset and back."""
    shown = drawn(tab(own).open("asset/bitcoin"))
    shown.page.wait_for_load_state("networkidle")
    before = len(own.sent)
    shown.page.get_by_role("button", name="30 d").click()
    shown.page.evaluate("location.hash = '#/coverage'")
    shown.shown("coverage").page.evaluate("location.hash = '#/asset/bitcoin'")
    drawn(shown.shown("asset"))
    shown.page.wait_for_load_state("networkidle")
    parquet = [path for path, _, _ in own.sent[before:] if path.endswith(".parquet")]
    assert parquet == []


@pytest.mark.parametrize("route", ["asset/bitcoin", "asset/tether?vs=bitcoin"])
def test_a_server_without_ranges(site, sites, tab, route):
    """It sends the whole file, once, and the page takes its part."""
    plain = sites(folder=site.folder, ranges=False)
    shown = drawn(tab(plain).open(route))
    expected = shown.texts(f"{FIRST} .readout b")
    assert [status for path, status, _ in plain.sent if path.endswith("_data.parquet")] == [200]
    assert drawn(tab(site).open(route)).texts(f"{FIRST} .readout b") == expected


def test_pythons_own_file_server(site, tab):
    """`python -m http.server` in the folder is enough."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site.folder)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        plain = Elsewhere(f"http://127.0.0.1:{server.server_port}/")
        assert len(drawn(tab(plain).open("asset/bitcoin")).texts(f"{FIRST} .readout b")) == 2
        server.shutdown()


def test_a_bucket(site, tab, gcs, gcs_env, monkeypatch):
    """The folder in a bucket that everybody may read: no server of ours at all."""
    for name, value in gcs_env.items():
        monkeypatch.setenv(name, value)
    bucket = storage.Client(project="test", credentials=AnonymousCredentials()).bucket("lake")
    for file in sorted(site.folder.rglob("*")):
        if file.is_file():
            blob = bucket.blob(f"site/{file.relative_to(site.folder).as_posix()}")
            blob.upload_from_filename(str(file))
    shown = drawn(tab(Elsewhere(f"{gcs.url}/lake/site/index.html")).open("asset/bitcoin"))
    expected = drawn(tab(site).open("asset/bitcoin")).texts(f"{FIRST} .readout b")
    assert shown.texts(f"{FIRST} .readout b") == expected
    read = [one for one in gcs.requests if one.name.endswith("_data.parquet") and one.sent]
    assert {one.status for one in read if one.operation == "media"} == {206}
    shown.open("explain/bitcoin/volume").page.get_by_text("recomputed: equal").wait_for()


def test_the_local_server_explains_any_day(tab, published):
    """`datalake dashboard` in a process of its own: the newest day, and one of no export."""
    command = [*(sys.executable, "-m", "datalake", "dashboard", "--port", "0", "--no-open")]
    command += ["--input", str(published.output), "--cache", str(published.lake)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
            shown = drawn(tab(Elsewhere(url)).open("asset/bitcoin"))
            newest = shown.go("explain/bitcoin/volume").page.locator(".verdict .hint")
            newest.filter(has_text=f"{LAST} UTC").wait_for()
            other = shown.go("explain/bitcoin/volume/2026-02-01").page.locator(".verdict .hint")
            other.filter(has_text="2026-02-01 UTC").get_by_text("recomputed: equal").wait_for()
        finally:
            process.send_signal(signal.SIGINT)


def test_an_export_explains_its_last_day(site, tab):
    """For another one it has the command."""
    shown = tab(site).open("explain/bitcoin/volume/2026-02-01")
    assert shown.text("pre") == "datalake explain bitcoin volume --date 2026-02-01"
    assert shown.text(".verdict .hint").startswith("2026-03-14 UTC")
