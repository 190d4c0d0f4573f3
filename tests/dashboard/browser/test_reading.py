"""The page reads the parquet file by ranges, no more than is looked at, from any server."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest

from .conftest import Tab

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
        site_like = type("Plain", (), {"url": f"http://127.0.0.1:{server.server_port}/"})
        assert len(drawn(tab(site_like).open("asset/bitcoin")).texts(f"{FIRST} .readout b")) == 2
        server.shutdown()
