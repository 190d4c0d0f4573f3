"""Each view shows what it is for, to everybody: in both colours, on a phone, to a screen reader."""

from __future__ import annotations

import pytest

from .conftest import axe

VIEWS = {
    "market": ["Market", "Bitcoin", "Sentiment"],
    "asset/bitcoin": ["Price and volume", "Market cap", "Sources and freshness", "folded into"],
    "asset/bitcoin?vs=ethereum,ripple": ["= 100", "Ethereum ×", "XRP ×"],
    "coverage": ["By asset", "Bitcoin", "share of days that are known"],
    "coverage/months": ["Month", "2026-03", "2026-01"],
    "coverage/providers": ["coingecko", "DefiLlama has no such series"],
    "runs": ["What changed since the last publication", "Newest runs", "Publications", "16 of 16"],
    "explain/bitcoin/volume": ["recomputed: equal", "{sum: members}", "Members that count"],
}


@pytest.mark.parametrize("route", VIEWS)
def test_a_view_shows_what_it_is_for(site, tab, route):
    """It says so, marks synthetic data, fits a phone, and axe-core finds nothing in it."""
    shown = tab(site, color_scheme="light").open(route)
    for words in VIEWS[route]:
        shown.page.get_by_text(words).first.wait_for()
    mark = shown.page.locator(".mark")
    assert mark.is_visible()
    assert "SYNTHETIC DATA" in mark.inner_text()
    assert shown.page.title().startswith("SYNTHETIC · ")
    assert axe(shown) == []
    shown.page.emulate_media(color_scheme="dark")
    shown.page.wait_for_selector('html[data-theme="dark"]')
    assert axe(shown, ["color-contrast"]) == []
    shown.page.set_viewport_size({"width": 360, "height": 740})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert axe(shown, ["scrollable-region-focusable"]) == []
    assert mark.is_visible()


def test_the_way_between_views(site, tab):
    """Links, the back button and an address by hand lead where they say."""
    shown = tab(site).open()
    for name in ("Coverage", "Runs", "Market"):
        shown.page.get_by_role("link", name=name, exact=True).click()
        shown.shown(name.lower())
        assert shown.text("nav a[aria-current]") == name
    shown.page.go_back()
    shown.shown("runs")
    shown.page.evaluate("location.hash = '#/asset/tether'")
    assert shown.shown("asset").text("h1") == "Tether"


def test_the_keyboard_goes_on_from_the_new_view(site, tab):
    """What has the focus is not left behind, and the view's name is said."""
    shown = tab(site).open()
    shown.page.get_by_role("link", name="Runs", exact=True).press("Enter")
    shown.shown("runs").page.locator("main:focus").wait_for()
    assert shown.page.locator("[aria-live]").text_content() == "SYNTHETIC · Runs · datalake"


@pytest.mark.parametrize(("now", "said"), [("15", []), ("18", ["3 days behind"])])
def test_data_that_are_old_say_so(site, tab, now, said):
    """The page knows what day it is; the day after the last closed one is no reason."""
    shown = tab(site)
    shown.page.clock.set_fixed_time(f"2026-03-{now}T12:00:00Z")
    assert shown.open().texts(".state .badge.warn") == said


def test_the_colours_that_are_chosen_stay(site, tab):
    """The button changes them, also where charts are drawn, and the next load has them again."""
    shown = tab(site, color_scheme="light").open("asset/bitcoin")
    shown.page.wait_for_selector(".readout b")
    shown.page.get_by_role("button", name="Dark colours").click()
    assert shown.page.get_attribute("html", "data-theme") == "dark"
    shown.page.wait_for_selector(".canvas canvas")
    shown.open("asset/bitcoin")
    assert shown.page.get_attribute("html", "data-theme") == "dark"


@pytest.mark.parametrize(
    "route", ["asset/nobody", "explain/nobody/close", "explain/bitcoin/nothing"]
)
def test_what_is_not_there_is_said(site, tab, route):
    """A link to what there is not ends in a sentence, not in an empty page."""
    shown = tab(site).open(route)
    assert "here" in shown.text("[role=alert] p")


def test_the_policy_holds_without_a_server(site, tab):
    """The page itself forbids all but its own files, for servers that say nothing."""
    shown = tab(site, expected=True).open()
    said = shown.page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert "default-src 'none'" in said
    for unsafe in ("unsafe", "*", "http"):
        assert unsafe not in said
    with pytest.raises(Exception, match="Content Security Policy"):
        shown.page.add_script_tag(content="window.hacked = true")
    assert shown.page.evaluate("window.hacked") is None
