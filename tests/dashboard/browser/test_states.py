"""Whatever is published: the page shows what there is, and says what is not."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone

import polars as pl
import pyarrow.parquet as pq
import pytest
from attrs import evolve

from datalake.plugins import load
from datalake.running.options import Options
from datalake.running.pipeline import run

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


def test_an_asset_without_a_row(made, tab):
    """One of the universe of which nothing is known has its place, and no empty charts."""
    names = {"dogecoin": "Doge", "ghost": "Ghost"}
    shown = tab(made(rows_of(dogecoin={"close": [1.0, 2.0]}), names=names)).open()
    assert [row[2].split()[0] for row in shown.rows()] == ["$2.00", "–"]
    shown.go("asset/ghost").page.locator(FIRST).get_by_text("no day has a value").wait_for()
    assert shown.page.locator("canvas, .controls").count() == 0


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


def test_a_degraded_run(sites, tab, tmp_path):
    """Its state is on every view; what failed, and what stood in, is told with the run."""
    options = Options(
        cache=str(tmp_path / "lake"),
        output=tmp_path / "user_facing_data.parquet",
        sandbox=True,
        since=date(2026, 3, 1),
        top=3,
    )
    for day, faults in ((14, ()), (15, ("lunarcrush=503",))):
        as_of = datetime(2026, 3, day, 10, 30, tzinfo=timezone.utc)
        run(evolve(options, as_of=as_of, sandbox_faults=faults), load(), {})
    site = sites(tmp_path / "user_facing_data.parquet")
    shown = tab(site).open("asset/bitcoin")
    assert shown.text(".state .badge") == "degraded"
    stat = shown.page.locator(".stat", has_text="Sentiment")
    assert stat.inner_text().split("\n")[2] == "2026-03-13 · 1 d behind"
    shown.go("coverage")
    assert "1 d" in shown.rows()[0][8]
    shown.go("runs").page.get_by_role("button", name="Details of run").first.click()
    assert shown.rows(".more tbody tr")[2][0] == "lunarcrush"
    failures = shown.text(".more .told")
    assert "answered 503" in failures
    assert "known through 2026-03-13" in failures


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
