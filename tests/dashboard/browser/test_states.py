"""Whatever is published, or not, or broken: the page shows what there is and says what is not."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pyarrow.parquet as pq
import pytest

from ..conftest import FACTS, LAST, rows_of, write

FIRST = ".panels .chart:first-child"


@pytest.fixture
def made(sites, tmp_path):
    """A site of a file made by hand, with an assets file where names are given."""

    def make(rows, facts=FACTS, names=None):
        path = write(tmp_path / "user_facing_data.parquet", rows, facts)
        if names is not None:
            members = pl.Series("members", [[one] for one in names], dtype=pl.List(pl.String))
            assets = pl.DataFrame(
                {
                    "canonical_id": list(names),
                    "symbol": list(names.values()),
                    "name": list(names.values()),
                    "rank": range(1, len(names) + 1),
                    "image": None,
                }
            ).with_columns(members)
            told = {**facts, "file": "user_facing_assets"}
            table = assets.to_arrow(compat_level=pl.CompatLevel.oldest())
            metadata = {f"datalake.{name}": json.dumps(value) for name, value in told.items()}
            beside = tmp_path / "user_facing_assets.parquet"
            pq.write_table(table.replace_schema_metadata(metadata), beside)
        return sites(path)

    return make


@pytest.fixture
def copied(site, sites, tmp_path):
    """A site of its own, to be broken, and where its data file is."""
    folder = tmp_path / "copy"
    shutil.copytree(site.folder, folder)
    told = json.loads((folder / "data/overview.json").read_text(encoding="utf-8"))
    return sites(folder=folder), folder / told["files"]["data"]["path"]


def readout(shown):
    shown.page.wait_for_selector(f"{FIRST} .readout b")
    return shown.texts(f"{FIRST} .readout > span")


def test_an_empty_lake(made, tab):
    """No asset, no day: every view says so."""
    site = made(rows_of(dogecoin={"close": [1.0], "volume": [1.0]}).clear())
    shown = tab(site).open()
    for name in ("coverage", "coverage/months", "coverage/providers", "runs", "market"):
        assert shown.go(name).page.locator("h1").is_visible()
    assert "0 rows of 0 assets" in shown.text("footer")


def test_one_asset_of_one_day(made, tab):
    """A point is a chart, too; a change over a day that is not there is unknown."""
    site = made(
        rows_of(dogecoin={"close": [0.07178], "volume": [None]}), names={"dogecoin": "Doge"}
    )
    shown = tab(site).open()
    (row,) = shown.rows()
    assert row[:7] == ["1", "Doge DOGE", "$0.07178", "–", "–", "–", ""]
    shown.open("asset/dogecoin")
    assert readout(shown) == [LAST.isoformat(), "Price $0.07178"]


def test_two_thousand_assets(made, tab):
    """All are there, found and sorted, before anybody has to wait."""
    names = {f"coin-{n:04}": f"Coin {n}" for n in range(2000)}
    rows = rows_of(**{one: {"close": [1.0 + n]} for n, one in enumerate(names)})
    shown = tab(made(rows, names=names)).open()
    shown.page.locator("tbody tr").nth(1999).wait_for()
    shown.page.get_by_role("button", name="Price").click()
    assert shown.text("a.asset") == "Coin 1999"
    shown.page.get_by_role("searchbox").fill("coin 77")
    assert shown.page.get_by_text("11 of 2,000 assets").is_visible()
    shown.go("coverage").page.locator("tbody tr").nth(1999).wait_for()


def test_a_column_that_nobody_knows(made, tab):
    """It has its place in every view, with the name that it has in the file."""
    values = {"close": [1.0, 2.0], "constructor": [7.5, 8.25]}
    site = made(rows_of(dogecoin=values, tron={"close": [3.0, 4.0], "constructor": [None, None]}))
    shown = tab(site).open()
    assert shown.texts("thead th")[-1] == "constructor"
    assert [row[-1].split()[0] for row in shown.rows()] == ["8.25", "–"]
    shown.open("asset/dogecoin")
    shown.page.locator(".chart", has_text="constructor").get_by_text("8.25").wait_for()
    shown.open("coverage")
    assert [row[-3].split()[0] for row in shown.rows()] == ["100", "–"]


def test_unknown_days_are_unknown_and_no_zero(made, tab):
    """In the readout and in the picture, which has no line where there is no value."""
    close = [None if 20 <= n < 40 else 5.0 + n for n in range(60)]
    shown = tab(made(rows_of(dogecoin={"close": close, "volume": [0.0] * 60}))).open(
        "asset/dogecoin"
    )
    readout(shown)
    canvas = shown.page.locator(f"{FIRST} .canvas")
    canvas.press("Home")
    canvas.press("Shift+ArrowRight")
    _, price, volume = readout(shown)
    assert (price, volume) == ("Price – unknown", "Volume, 24 h $0")
    blue = """canvas => {
        const { width, height } = canvas;
        const seen = new Set();
        const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
        for (let at = 0; at < data.length; at += 4) {
            const blue = data[at] < 80 && data[at + 2] > 220;
            if (blue) seen.add(Math.floor((((at / 4) % width) / width) * 10));
        }
        return [...seen].sort();
    }"""
    tenths = shown.page.locator(f"{FIRST} canvas").evaluate(blue)
    assert 1 in tenths
    assert 8 in tenths
    assert not {4, 5} & set(tenths)


def test_the_open_day_is_marked(made, tab):
    """Beside the state, and under the crosshair."""
    rows = rows_of(dogecoin={"close": [1.0, 2.0, 3.0]})
    last = {"last_day": str(LAST.replace(day=13)), "open_day": LAST.isoformat()}
    shown = tab(made(rows, {**FACTS, **last})).open("asset/dogecoin")
    assert readout(shown)[:2] == [LAST.isoformat(), "open"]
    assert shown.text(".state .open") == f"open {LAST}"
    shown.page.locator(f"{FIRST} .canvas").press("Home")
    assert "open" not in readout(shown)


def test_what_is_stale_shows_its_age(made, tab):
    """An old value never passes for a new one."""
    rows = rows_of(dogecoin={"close": [1.0, 2.0, 3.0], "volume": [10.0, None, None]})
    shown = tab(made(rows)).open()
    (row,) = shown.rows()
    assert row[-1].split() == ["2", "d", "behind", "$10.00"]
    shown.open("coverage")
    assert "2 d" in shown.rows()[0][2]


def test_a_file_that_says_nothing_of_itself(made, tab):
    """Nobody knows whether it is synthetic: the page says that, and claims neither."""
    shown = tab(made(rows_of(dogecoin={"close": [1.0]}), None)).open()
    assert shown.page.get_by_text("does not say whether its data are synthetic").is_visible()
    assert not shown.page.locator(".mark").is_visible()


def test_a_real_file_has_no_mark(made, tab):
    """The mark means something."""
    shown = tab(made(rows_of(dogecoin={"close": [1.0]}), {**FACTS, "synthetic": False})).open()
    assert not shown.page.locator(".mark").is_visible()
    assert shown.page.title() == "Market · datalake"


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


def test_a_degraded_run(copied, tab):
    """Its state is on every view, and what failed is told with the run."""
    site, data = copied
    path = data.parent / "runs.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    newest = told["runs"][0]
    newest["status"] = "degraded"
    newest["providers"]["coingecko"]["failures"] = [
        {
            "dataset": "market",
            "error": "answered 503",
            "assets": ["tron"],
            "count": 9,
            "stale_through": "2026-03-10",
        }
    ]
    path.write_text(json.dumps(told), encoding="utf-8")
    overview = site.folder / "data/overview.json"
    document = json.loads(overview.read_text(encoding="utf-8"))
    document["run"]["status"] = "degraded"
    refused = {"run_id": "20260316T000000Z-1", "status": "refused", "message": "the gate refused"}
    document["last_run"] = {**document["run"], **refused}
    overview.write_text(json.dumps(document), encoding="utf-8")
    shown = tab(site).open("runs")
    assert shown.text(".state .badge") == "degraded"
    assert "20260316T000000Z-1 is refused: the gate refused" in shown.text(".notes")
    shown.page.get_by_role("button", name="Details of run").first.click()
    told = "market: answered 503 – 9 assets (tron, …), known through 2026-03-10"
    assert shown.page.get_by_text(told).is_visible()


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


HOSTILE = [
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "' onmouseover='window.hacked=1",
    "\u202egnp.exe\u202c",
    "a/b?c#d%2e&e=f",
    "../../../etc/passwd",
    "__proto__",
    "javascript:window.hacked=1",
    "x" * 400,
    "{{constructor.constructor('window.hacked=1')()}}",
]


def test_hostile_names_do_nothing(made, tab):
    """They are text, in every view, and lead to their own asset."""
    rows = rows_of(**{one: {"close": [1.0, 2.0 + n]} for n, one in enumerate(HOSTILE)})
    site = made(rows, names={one: one for one in HOSTILE})
    shown = tab(site).open()
    assert [text.strip() for text in shown.texts("a.asset")] == HOSTILE
    for number, one in enumerate(HOSTILE):
        shown.page.locator("a.asset").nth(number).click()
        shown.shown("asset")
        assert readout(shown)[1] == f"Price ${2 + number}"
        assert shown.page.locator("h1").text_content() == one
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= 1280
        shown.go("market")
    for route in ("coverage", "runs", "coverage/providers"):
        shown.go(route)
    assert shown.page.evaluate("window.hacked") is None
