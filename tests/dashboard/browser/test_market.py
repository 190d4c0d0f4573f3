"""Market: the numbers of the file, in every order, found by any name, by keys alone."""

from __future__ import annotations

import polars as pl
import pytest

COLUMNS = {"Price": "close", "Volume 24 h": "volume", "Market cap": "market_cap"}


@pytest.fixture
def market(site, tab):
    """The market of what two runs published."""
    return tab(site).open()


def names(shown):
    return shown.texts("a.asset")


def test_assets_are_in_rank_order(market, overview):
    """As the universe has them."""
    assert names(market) == [asset["name"] for asset in overview["assets"]]
    assert [row[0] for row in market.rows()] == [str(n + 1) for n in range(len(names(market)))]


def test_numbers_are_those_of_the_file(market, published):
    """Price, volume and cap of the last day, and the price's changes, as the field writes them."""
    rows = pl.read_parquet(published.output).filter(pl.col("canonical_id") == "bitcoin")
    close = rows["close"].to_list()
    last = rows.row(-1, named=True)
    heads = market.texts("thead th")
    shown = dict(zip(heads, market.rows()[0], strict=True))
    assert shown["Price"] == f"${last['close']:,.2f}"
    assert shown["Volume 24 h"] == f"${last['volume'] / 1e9:.2f}B"
    assert shown["Market cap"] == f"${last['market_cap'] / 1e12:.2f}T"
    for head, days in (("24 h", 1), ("7 d", 7), ("30 d", 30)):
        percent = (close[-1] / close[-1 - days] - 1) * 100
        assert shown[head] == f"{percent:+.1f} %".replace("-", "−")
    assert shown["Protocol TVL"].split()[0] == "–"


def test_columns_sort_both_ways_and_the_unknown_comes_last(market, overview):
    """A first click has the largest first, a second the smallest; the address keeps it."""
    known = {one["name"]: one["last"].get("chain_tvl") for one in overview["assets"]}
    by_value = sorted((n for n in known if known[n]), key=lambda n: known[n][0])
    unknown = [name for name in known if not known[name]]
    assert by_value
    assert unknown
    market.page.get_by_role("button", name="Chain TVL").click()
    assert names(market) == [*reversed(by_value), *unknown]
    assert market.page.get_attribute("th[aria-sort]", "aria-sort") == "descending"
    market.page.get_by_role("button", name="Chain TVL").click()
    assert names(market) == [*by_value, *unknown]
    market.page.reload()
    market.shown("market")
    assert names(market) == [*by_value, *unknown]


@pytest.mark.parametrize("text", ["bitcoin", "BTC", "wrapped-bitcoin"])
def test_search_finds_names_symbols_and_members(market, text):
    """The folded id leads to its canonical asset."""
    market.page.keyboard.press("/")
    market.page.keyboard.type(text)
    assert "Bitcoin" in names(market)
    assert "Tether" not in names(market)
    market.page.keyboard.press("Enter")
    assert market.shown("asset").text("h1") == "Bitcoin"


def test_search_for_nothing_that_there_is(market):
    """It says so, and Escape brings all back."""
    search = market.page.get_by_role("searchbox")
    search.fill("no such coin")
    assert market.page.get_by_text("No asset has this name").is_visible()
    search.press("Escape")
    assert len(names(market)) == 6


def test_keys_move_and_open(market, overview):
    """j and k go from asset to asset, there and in the asset's own view; Enter opens."""
    ids = [asset["name"] for asset in overview["assets"]]
    for key in "jjk":
        market.page.keyboard.press(key)
    market.page.keyboard.press("Enter")
    assert market.shown("asset").text("h1") == ids[0]
    market.page.keyboard.press("j")
    market.page.get_by_role("heading", level=1, name=ids[1]).wait_for()


def test_a_value_leads_to_its_explanation(market):
    """A click on a number takes it apart."""
    market.page.locator("tbody tr").first.get_by_role("link").nth(2).click()
    assert market.shown("explain").text("h1") == "Bitcoin · Volume, 24 h"
