"""A run on one page: all of it in each form, unmistakably synthetic, and text that stays text."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.cli.onepage import SYNTHETIC, Page, Table, page_of
from datalake.cli.pageforms import html, markdown
from datalake.models import Quota

from .conftest import Line, session

#: Two runs of a day in a row; the second without DefiLlama, or refused by its own strictness.
SMALL = ["run", "--sandbox", "--quiet", "--assets", "dogecoin", "--since", "2026-03-01"]
FIRST = [*SMALL, "--as-of", "2026-03-14T10:30Z"]
SECOND = [*SMALL, "--as-of", "2026-03-15T10:30Z", "--sandbox-fault", "llama.fi=500"]
STRICT = [*SECOND, "--strict"]
FORMS = ("table", "markdown", "html", "json")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What is told in each form, of a run that went well, one that did not, and one refused."""
    folder = tmp_path_factory.mktemp("reports")
    ran = {"published": [FIRST], "degraded": [FIRST, SECOND], "refused": [FIRST, STRICT]}
    lines = {}
    for name, runs in ran.items():
        cache, output = str(folder / f"{name}.lake"), str(folder / f"{name}.parquet")
        for number, args in enumerate(runs):
            lines[f"{name}-{number}"] = Line([*args, "--cache", cache, "--output", output])
        for form in FORMS:
            lines[f"{name} {form}"] = Line(["report", "--cache", cache, "--format", form])
    done = session(folder, lines)
    assert all(one.code == 0 for name, one in done.items() if " " in name), done
    return {name: {form: done[f"{name} {form}"].out for form in FORMS} for name in ran}


@pytest.mark.parametrize("name", ["published", "degraded", "refused"])
@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_it_is_marked_as_synthetic(reports, name, form):
    """Before anything else that is read."""
    text = reports[name][form]
    body = text.partition("<body>")[2] if form == "html" else text
    assert SYNTHETIC in body
    assert body.index(SYNTHETIC) < body.index("2026-03-1")


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_a_run_that_went_well(reports, form):
    """What was published, how fresh it is, what it cost, and that nothing is to be done."""
    text = reports["published"][form]
    for words in ("Published", "as of 2026-03-14 10:30 UTC are published", "nothing: all is well"):
        assert words in text
    for name in ("coingecko", "defillama", "lunarcrush", "lc_sentiment", "2026-03-13"):
        assert name in text


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_a_run_that_did_not(reports, form):
    """What failed, and what to do next."""
    text = reports["degraded"][form]
    for words in ("Published, but not whole", "STALE 1 d", "answered 500", "then run again"):
        assert words in text
    assert "nothing: all is well" not in text


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_a_run_that_was_refused(reports, form):
    """What readers see is that of before."""
    text = reports["refused"][form]
    assert "Not published: refused" in text
    assert "What was published before stands." in text


def test_for_programs(reports):
    """The figures of a run as the dashboard has them."""
    told = json.loads(reports["degraded"]["json"])
    assert (told["status"], told["exit_code"], told["synthetic"]) == ("degraded", 3, True)
    failure = told["providers"]["defillama"]["failures"][0]
    assert failure["assets"] == ["dogecoin"]
    assert told["next"]


def test_the_share_of_a_quota(reports):
    """Of the month's or the day's calls; a dash where a plan has no such limit."""
    report = {
        "run_id": "r",
        "status": "published",
        "message": "published",
        "synthetic": False,
        "as_of": "2026-03-14T10:30:00+00:00",
        "started_at": "2026-03-14T10:30:00+00:00",
        "finished_at": "2026-03-14T10:32:05+00:00",
        "gate": {},
        "skipped": [],
        "output": {"published": True, "new": False, "rows": 1200, "assets": 3},
        "providers": {
            name: {"plan": "free", "calls": calls, "throttled_seconds": 0.0, "series": 1}
            for name, calls in {"a": 250, "b": 1, "c": 7}.items()
        },
    }
    page = page_of(report, {"a": Quota(10_000), "b": Quota(1_000_000, per="day"), "c": None})
    shares = [row[page.tables[0].headings.index("of its quota")] for row in page.tables[0].rows]
    assert shares == ["2.5% a month", "<0.1% a day", "—"]
    assert page.mood == "good"
    assert page.told[0].endswith(
        "1,200 rows of 3 assets as of 2026-03-14 10:30 UTC were published before: nothing new."
    )
    assert page.told[-1] == "Run r took 2:05."


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=40)
NASTY = st.sampled_from(["<script>alert(1)</script>", "a | b", "![x](http://evil)", "**b**", "`c`"])


class Seen(HTMLParser):
    """The tags of a document, and its texts outside of the style."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.texts.append(data)


def page_with(text: str) -> Page:
    table = Table("Columns", ["column", "assets"], [[text, "1"]], {1})
    return Page("Published", "good", False, [text], [text], [text], [table])


@given(st.one_of(TEXT, NASTY))
def test_a_text_in_html_is_a_text(text):
    """Whatever a vendor's message holds, it adds no tag and is read as it was."""
    plain, nasty = Seen(), Seen()
    plain.feed(html(page_with("x")))
    nasty.feed(html(page_with(text)))
    assert nasty.tags == plain.tags
    assert "".join(nasty.texts).count(text) >= 4


@given(st.one_of(TEXT, NASTY))
def test_a_text_in_markdown_is_a_text(text):
    """It neither ends its line nor opens a link, a tag, a cell or an emphasis."""
    plain, nasty = markdown(page_with("x")), markdown(page_with(text))
    assert nasty.count("\n") == plain.count("\n")
    bare = nasty
    for mark in "\\`*{}[]<>#|~!_":
        bare = bare.replace(f"\\{mark}", "")
    assert not set("`*{}[]<>~!") & set(bare)
    assert bare.count("|") == plain.count("|")
