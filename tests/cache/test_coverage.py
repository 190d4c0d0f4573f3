"""Which days are still to be asked: a table of decisions, and the law behind them."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.cache.coverage import ASK_AGAIN, Coverage, first_coverage
from datalake.models import DAY, Window

NOW = datetime(2026, 3, 15, 10, tzinfo=timezone.utc)
FIRST = date(2026, 1, 1)


def days(start, end):
    """A window of days of 2026, counted from 1 January."""
    return Window(FIRST + start * DAY, FIRST + end * DAY)


ALL = days(-1000, 1000)
OLD = NOW - ASK_AGAIN


def known(start, end, *, asked=None, at=OLD):
    window = days(start, end)
    return Coverage(window.start, window.last, at, days(start, asked or end).last)


@pytest.mark.parametrize(
    ("coverage", "wanted", "reachable", "missing"),
    [
        (known(10, 20), days(10, 20), ALL, None),
        (known(10, 20), days(12, 15), ALL, None),
        (known(10, 20), days(15, 15), ALL, None),
        (known(10, 20), days(10, 25), ALL, days(17, 25)),
        (known(10, 20), days(15, 25), ALL, days(17, 25)),
        (known(10, 20), days(30, 40), ALL, days(17, 40)),
        (known(10, 20), days(5, 15), ALL, days(5, 13)),
        (known(10, 20), days(0, 5), ALL, days(0, 13)),
        (known(10, 20), days(5, 25), ALL, days(5, 25)),
        (known(10, 12), days(5, 11), ALL, days(5, 12)),
        (known(10, 12), days(10, 20), ALL, days(10, 20)),
        (known(10, 10), days(10, 20), ALL, days(10, 20)),
        (known(10, 10), days(5, 8), ALL, days(5, 10)),
        (known(10, 20), days(0, 25), days(10, 25), days(17, 25)),
        (known(10, 20), days(0, 25), days(19, 25), days(19, 25)),
        (known(10, 20), days(0, 20), days(12, 30), None),
        (known(10, 20), days(0, 40), days(30, 40), days(30, 40)),
        (known(10, 20), days(0, 5), days(30, 40), None),
        (known(10, 20, asked=26), days(10, 26), ALL, days(17, 26)),
        (known(10, 20, asked=30), days(10, 30), ALL, None),
        (known(10, 20, asked=30, at=OLD - DAY), days(10, 30), ALL, days(17, 30)),
        (known(10, 20, asked=30, at=NOW), days(10, 30), ALL, None),
        (known(10, 20, asked=30, at=NOW), days(10, 31), ALL, days(17, 31)),
        (known(10, 20, asked=30, at=NOW), days(5, 30), ALL, days(5, 13)),
        (known(10, 20, asked=30, at=NOW + DAY), days(10, 30), ALL, days(17, 30)),
    ],
)
def test_missing(coverage, wanted, reachable, missing):
    """The fewest days that make the wanted ones known, within reach, with their overlap."""
    assert coverage.missing(wanted, reachable, NOW) == missing


def test_a_window_that_does_not_touch_is_not_joined():
    """No claim is made for the days between; the later side keeps its own."""
    early, late = known(0, 10), known(20, 30)
    asked = days(20, 30)
    assert early.after(asked, asked.last, NOW).known == asked
    assert late.after(days(0, 10), days(0, 10).last, NOW) == late


def test_an_older_question_is_not_forgotten():
    """Filling the head says nothing of the tail, which was asked a moment ago."""
    coverage = known(10, 20, asked=30, at=NOW - timedelta(hours=1))
    head = coverage.after(days(0, 13), days(0, 13).last, NOW)
    assert head.missing(days(0, 30), ALL, NOW) is None


def test_two_empty_answers_claim_no_day():
    """Nothing came for March, nothing for February: no day is known, and none is asked again."""
    march = first_coverage(days(59, 90), None, NOW)
    both = march.after(days(31, 59), None, NOW)
    assert both.known == days(31, 31)
    assert both.missing(days(31, 90), ALL, NOW) is None


windows = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda w: days(w[0], w[0] + w[1]))


@given(windows, windows, windows, st.integers(0, 100), st.booleans())
def test_what_was_fetched_is_not_missing(first, wanted, reachable, delivered, late):
    """Whatever is known, wanted and in reach: after its one call, nothing is missing."""
    coverage = first_coverage(first, first.last, OLD if late else NOW)
    missing = coverage.missing(wanted, reachable, NOW)
    if missing is None:
        return
    assert missing & reachable == missing
    assert missing
    through = min(missing.last, FIRST + delivered * DAY)
    after = coverage.after(missing, through if through >= missing.start else None, NOW)
    if after.known.start <= (wanted & reachable).start:
        assert after.missing(wanted, reachable, NOW) is None
    claimed = set(span(after.known))
    assert claimed <= set(span(coverage.known)) | set(span(missing))


def span(window):
    return [window.start + n * DAY for n in range(window.days)]
