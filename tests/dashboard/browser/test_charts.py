"""Asset: exact values under the crosshair, ranges, comparison, members, and what is unknown."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

FIRST = ".panels .chart:first-child"


@pytest.fixture
def shown(site, tab):
    """Bitcoin's charts, the first of them drawn."""
    opened = tab(site).open("asset/bitcoin")
    opened.page.wait_for_selector(f"{FIRST} .readout b")
    return opened


def rows_of(published, asset, column="close"):
    rows = pl.read_parquet(published.output).filter(pl.col("canonical_id") == asset)
    return dict(zip(rows["date"].dt.date().to_list(), rows[column].to_list(), strict=True))


def readout(shown, chart=FIRST):
    """The day and the values that a chart tells."""
    day, *values = shown.texts(f"{chart} .readout > span")
    return day, values


def number(text):
    return float(text.rsplit("$", 1)[1].replace(",", ""))


def frame(shown):
    """Wait until what the mouse did is drawn."""
    twice = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    shown.page.evaluate(twice)


def press(shown, *keys, chart=FIRST):
    for key in keys:
        shown.page.locator(f"{chart} .canvas").press(key)


def test_the_crosshair_tells_exact_values(shown, published):
    """Every digit that the file has, for any day, in all charts that are linked."""
    closes, volumes = (rows_of(published, "bitcoin", name) for name in ("close", "volume"))
    days = sorted(closes)
    shown.page.wait_for_selector(".panels .chart:nth-child(2) .readout b")
    for keys, day in (
        (["Home"], days[0]),
        (["ArrowRight", "ArrowRight"], days[2]),
        (["End"], days[-1]),
        (["Shift+ArrowLeft"], days[-31]),
    ):
        press(shown, *keys)
        told, (price, volume) = readout(shown)
        assert told == day.isoformat()
        assert (number(price), number(volume)) == (closes[day], volumes[day])
    caps = rows_of(published, "bitcoin", "market_cap")
    told, (cap,) = readout(shown, ".panels .chart:nth-child(2)")
    assert (told, number(cap)) == (days[-31].isoformat(), caps[days[-31]])
    said = shown.page.get_attribute(f"{FIRST} .canvas", "aria-valuetext")
    assert f"{days[-31].day} Feb 2026: Price $" in said


def test_the_mouse_does_the_same(shown, published):
    """It moves the crosshair, and dragging it chooses a range for all charts."""
    box = shown.page.locator(f"{FIRST} .u-over").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + 50
    shown.page.mouse.move(*middle)
    frame(shown)
    day, (price, _) = readout(shown)
    assert number(price) == rows_of(published, "bitcoin")[date.fromisoformat(day)]
    shown.page.mouse.down()
    shown.page.mouse.move(middle[0] + box["width"] / 4, middle[1], steps=4)
    shown.page.locator(f"{FIRST} .u-select").wait_for()
    shown.page.mouse.up()
    assert "from=" in shown.page.url
    first, last = (
        shown.page.get_by_label(f"{one} day shown").input_value() for one in ("First", "Last")
    )
    assert date.fromisoformat(last) - date.fromisoformat(first) < timedelta(days=25)
    shown.page.locator(f"{FIRST} .u-over").dblclick()
    assert "from=" not in shown.page.url


def test_a_click_keeps_a_day_to_go_to(shown):
    """Its values stay, and lead to their explanation."""
    box = shown.page.locator(f"{FIRST} .u-over").bounding_box()
    third = box["x"] + box["width"] / 3, box["y"] + 50
    shown.page.mouse.move(*third)
    frame(shown)
    shown.page.mouse.click(*third)
    shown.page.mouse.move(box["x"], box["y"] - 60)
    day, _ = readout(shown)
    assert date.fromisoformat(day) < date(2026, 3, 1)
    shown.page.locator(f"{FIRST} .readout a").first.click()
    assert shown.shown("explain").page.url.endswith(f"#/explain/bitcoin/close/{day}")


def test_ranges_by_button_date_and_link(shown, published):
    """The last 30 days, two dates, and the same again from the address."""
    days = sorted(rows_of(published, "bitcoin"))
    shown.page.get_by_role("button", name="30 d").click()
    assert f"from={days[-1] - timedelta(days=30)}" in shown.page.url
    field = shown.page.get_by_label("First day shown")
    field.fill("2026-02-01")
    field.press("Enter")
    shown.page.reload()
    shown.page.wait_for_selector(f"{FIRST} .readout b")
    press(shown, "Home")
    assert readout(shown)[0] == "2026-02-01"
    field = shown.page.get_by_label("First day shown")
    field.fill("yesterday")
    field.press("Enter")
    assert field.input_value() == days[0].isoformat()


def test_the_logarithmic_scale_is_in_the_address(shown):
    """It can be linked to; the button says whether it is on."""
    log = shown.page.get_by_role("button", name="Log")
    assert log.get_attribute("aria-pressed") == "false"
    log.click()
    assert "scale=log" in shown.page.url
    shown.page.reload()
    assert shown.page.get_by_role("button", name="Log").get_attribute("aria-pressed") == "true"


def test_comparison_is_indexed_to_the_first_common_day(shown, published):
    """100 on the first day that is shown, and the price itself beside the index."""
    for text in ("ethereum", "XRP"):
        field = shown.page.get_by_label("Compare with another asset")
        field.fill(text)
        field.press("Enter")
    shown.page.get_by_role("heading", name="2026-01-01 = 100").wait_for()
    shown.page.get_by_label("First day shown").fill("2026-02-01")
    shown.page.get_by_label("First day shown").press("Enter")
    shown.page.get_by_role("heading", name="2026-02-01 = 100").wait_for()
    base, end = date(2026, 2, 1), date(2026, 3, 14)
    press(shown, "End")
    told, values = readout(shown)
    assert told == end.isoformat()
    for text, asset in zip(values, ("bitcoin", "ethereum", "ripple"), strict=True):
        closes = rows_of(published, asset)
        index, price = text.rsplit(" ", 1)
        assert index.endswith(f"{closes[end] / closes[base] * 100:.2f}")
        assert number(price.strip("()")) == closes[end]
    assert "vs=ethereum,ripple" in shown.page.url
    shown.page.get_by_role("button", name="Without XRP").click()
    assert "vs=ethereum&" in shown.page.url


def test_five_assets_at_most(site, tab, overview):
    """More in the address are left out, and the field closes."""
    ids = [asset["id"] for asset in overview["assets"]]
    shown = tab(site).open(f"asset/{ids[0]}?vs={','.join([*ids[1:], 'nobody', ids[0]])}")
    shown.page.wait_for_selector(f"{FIRST} .readout b")
    assert len(readout(shown)[1]) == 5
    assert shown.page.get_by_label("Compare with another asset").is_disabled()


def test_members_and_their_shares(shown, overview):
    """All that are folded in, the largest first, and each week's shares make one."""
    shown.page.locator(".members").scroll_into_view_if_needed()
    shown.page.get_by_role("heading", name="Share of volume by member").wait_for()
    rows = shown.rows(".members tbody tr")
    bitcoin = overview["assets"][0]
    assert sorted(row[0] for row in rows) == sorted(bitcoin["members"])
    assert rows[0][:2] == ["bitcoin", "native"]
    chart = ".chart:has(h2:text('Share of volume'))"
    press(shown, "End", chart=chart)
    day, values = readout(shown, chart)
    assert day.startswith("week of 2026-03-")
    shares = [float(text.split()[-2]) for text in values]
    assert sum(shares) == pytest.approx(100, abs=0.05)


def test_a_folded_id_leads_to_its_asset(site, tab):
    """And the page says why another name is shown."""
    shown = tab(site).open("asset/wrapped-bitcoin")
    assert shown.text("h1") == "Bitcoin"
    assert shown.page.get_by_text("wrapped-bitcoin is folded into this asset").is_visible()


def test_a_column_that_was_never_known_has_its_reason(shown):
    """A dash and a sentence, no empty chart and no zero."""
    stat = shown.page.locator(".stat", has_text="Protocol TVL")
    assert stat.inner_text().split("\n")[1:] == ["–", "DefiLlama has no such series"]
