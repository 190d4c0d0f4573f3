"""Files that are damaged, exchanged, missing or slow: said where they are needed, and no more."""

from __future__ import annotations

import json
import shutil

import pytest

FIRST = ".panels .chart:first-child"


@pytest.fixture
def copied(site, sites, tmp_path):
    """A site of its own, to be broken, and where its data file is."""
    folder = tmp_path / "copy"
    shutil.copytree(site.folder, folder)
    told = json.loads((folder / "data/overview.json").read_text(encoding="utf-8"))
    return sites(folder=folder), folder / told["files"]["data"]["path"]


def test_a_damaged_data_file(copied, tab):
    """Charts say that it is damaged; what does not need it is shown."""
    site, data = copied
    content = bytearray(data.read_bytes())
    content[4:-20_000] = bytes(len(content) - 20_004)
    data.write_bytes(content)
    shown = tab(site).open("asset/bitcoin")
    shown.page.locator(FIRST).get_by_text("is damaged").wait_for()
    data.write_bytes(b"\0" * len(content))
    shown.open("asset/bitcoin").page.locator(FIRST).get_by_text("is damaged").wait_for()
    assert len(shown.open().rows()) == 6


def test_another_data_file(copied, tab):
    """One of another length, or with other rows, is never shown as what the overview tells of."""
    site, data = copied
    content = data.read_bytes()
    data.write_bytes(content + b"\0")
    shown = tab(site).open("asset/bitcoin")
    shown.page.locator(FIRST).get_by_text("not the file").wait_for()
    data.write_bytes(content)
    path = site.folder / "data/overview.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["assets"][0]["rows"][0] += 1
    path.write_text(json.dumps(told), encoding="utf-8")
    shown.open("asset/bitcoin").page.locator(FIRST).get_by_text("other rows").wait_for()


def test_missing_files(copied, tab):
    """Each is named, and a later try finds what is there again."""
    site, data = copied
    data.rename(data.with_suffix(".away"))
    shown = tab(site, expected=True).open("asset/bitcoin")
    shown.page.locator(FIRST).get_by_text("user_facing_data.parquet is missing").wait_for()
    path = site.folder / "data/overview.json"
    path.rename(path.with_suffix(".away"))
    shown.open()
    assert shown.text("[role=alert] p") == "data/overview.json is missing."
    path.with_suffix(".away").rename(path)
    shown.page.get_by_role("button", name="Try again").click()
    shown.page.get_by_role("link", name="Bitcoin").wait_for()


@pytest.mark.parametrize(("content", "words"), [("{", "is damaged"), ('{"format": 2}', "format 2")])
def test_an_overview_that_cannot_be_read(copied, tab, content, words):
    """Cut off, or of another version of the page."""
    site, _ = copied
    (site.folder / "data/overview.json").write_text(content, encoding="utf-8")
    shown = tab(site).open()
    assert words in shown.text("[role=alert]")


def test_a_refused_run_after_it(copied, tab):
    """What is shown is not the newest try: every view says so."""
    site, _ = copied
    path = site.folder / "data/overview.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    refused = {"run_id": "20260316T000000Z-1", "status": "refused", "message": "the gate refused"}
    told["last_run"] = {**told["run"], **refused}
    path.write_text(json.dumps(told), encoding="utf-8")
    shown = tab(site).open()
    assert shown.text(".state .badge") == "published"
    said = "The newest run 20260316T000000Z-1 is refused: the gate refused See the runs"
    assert shown.text(".notes") == said


def test_what_is_published_meanwhile(copied, tab):
    """The next load has it, whatever a cache would say."""
    site, _ = copied
    site.keep = 3600
    shown = tab(site).open()
    path = site.folder / "data/overview.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["assets"][0]["name"] = "Newcoin"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert shown.open().text("a.asset") == "Newcoin"


def test_a_slow_server(site, sites, tab):
    """What is left before it has come does not come later in its place."""
    slow = sites(folder=site.folder, wait=0.4)
    shown = tab(slow).open("asset/bitcoin")
    shown.page.evaluate("location.hash = '#/asset/tether'")
    shown.page.evaluate("location.hash = '#/coverage'")
    shown.shown("coverage")
    shown.page.wait_for_timeout(1500)
    assert shown.text("h1") == "Coverage"
    assert shown.page.locator(".chart").count() == 0
