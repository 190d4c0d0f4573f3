"""The gate on recorded markets: quiet on every day that was real, awake to every planted error."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from attrs import evolve

from datalake.publish import Evidence, GateRules, Learnt
from datalake.publish.evidence import runs

from .histories import judged, recorded

REAL = Path(__file__).parents[3] / "shared" / "real" / "coingecko"
LAST = date(2026, 3, 12)  # a Thursday
NUMBERS = ("close", "volume", "market_cap")
#: What LUNA closed at in May 2022, in dollars, and its market cap in billions.
LUNA = {7: (68, 23.6), 8: (64, 22.3), 9: (31, 11), 10: (17, 6), 11: (1.1, 0.9), 12: (0.005, 0.03)}


@pytest.fixture(scope="module")
def year():
    """A year of 30 coins, large and small, stable and not, up to LAST."""
    if not REAL.is_dir():
        pytest.skip(f"no recordings at {REAL}")
    rows = recorded(REAL, "market_chart__*__365d_daily__2026-03-15.json")
    return rows.filter(pl.col("date") <= LAST)


def until(rows, day):
    return rows.filter(pl.col("date") <= day)


def day_before(rows):
    return until(rows, rows["date"].max() - timedelta(days=1))


def changed(rows, where, **values):
    """The rows with other values where the condition holds."""
    return rows.with_columns(
        pl.when(where).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def yesterdays(name):
    return pl.col(name).shift(1).over("canonical_id")


NEWEST = pl.col("date") == LAST


def swapped(rows, one, other, where=True):
    """Two assets under each other's names."""
    names = pl.col("canonical_id").replace({one: other, other: one})
    ids = pl.when(where).then(names).otherwise("canonical_id")
    return rows.with_columns(ids).sort("canonical_id", "date")


def test_no_real_day_is_refused(made, year):
    """Each day of nine months on the one before it: no refusal, and a warning every 25 days."""
    days = year["date"].unique().sort()[90:]
    warnings = Counter()
    for day in days:
        found = judged(made, until(year, day - timedelta(days=1)), until(year, day))
        assert not found["refused"], day
        warnings.update(found["warning"].keys())
    assert set(warnings) <= {"market", "jumps"}
    assert warnings.total() <= len(days) / 25


def test_days_without_a_run_are_made_up_for(made, year):
    """The next publication may be weeks later."""
    for days in (2, 7, 40):
        found = judged(made, until(year, LAST - timedelta(days=days)), year)
        assert not found["refused"], days


@pytest.mark.parametrize("crash", [date(2020, 3, 12), date(2021, 5, 19), date(2022, 11, 9)])
def test_a_crash_of_the_whole_market_is_news(made, year, crash):
    """Bitcoin and ether lost 35 % and 43 % on one day: that is published."""
    rows = recorded(REAL, "market_chart__*__5y_daily__2023-10-25.json")
    for day in (crash, crash + timedelta(days=1)):
        found = judged(made, until(rows, day - timedelta(days=1)), until(rows, day))
        assert not found["refused"]


def luna(rows, market=1e12):
    """The rows of another year in May 2022, and LUNA among them, in a market of that size."""
    start, end = date(2022, 5, 7), date(2022, 5, 12)
    moved = until(rows, LAST).with_columns(pl.col("date") + (end - LAST))
    scale = market / moved.filter(pl.col("date") == end)["market_cap"].sum()
    dead = pl.DataFrame(
        {
            "date": [start + timedelta(days=day - 7) for day in LUNA],
            "canonical_id": "terra-luna",
            "close": [float(close) for close, _ in LUNA.values()],
            "volume": 2e9,
            "market_cap": [cap * 1e9 for _, cap in LUNA.values()],
        }
    )
    scaled = moved.with_columns(pl.col("market_cap") * scale)
    return pl.concat([scaled, dead], how="diagonal").sort("canonical_id", "date"), end


def test_one_coin_that_dies_does_not_stop_the_others(made, year):
    """LUNA lost 99.99 % in five days: a warning with its name on each of them, no refusal."""
    rows, end = luna(year)
    warned = []
    for day in (end - timedelta(days=back) for back in range(4, -1, -1)):
        found = judged(made, until(rows, day - timedelta(days=1)), until(rows, day))
        assert not found["refused"]
        warned += [day for text in [found["warning"].get("jumps", "")] if "terra-luna" in text]
    assert warned == [date(2022, 5, day) for day in (9, 11, 12)]


def test_what_another_provider_saw_too_is_no_jump(made, year):
    """Then the market cap's jump remains, which nobody else has told."""
    rows, end = luna(year)
    seen = rows.filter(pl.col("canonical_id") == "terra-luna").select(
        "date", "canonical_id", pl.col("close") * 1.1
    )
    evidence = Evidence(opinions=seen)
    found = judged(made, until(rows, end - timedelta(days=1)), until(rows, end), evidence=evidence)
    assert "close" not in found["warning"]["jumps"].partition(":")[0]
    assert "market_cap of 1 of" in found["warning"]["jumps"]


def test_a_small_dashboard_is_not_stopped_for_ever(made, year):
    """LUNA beside one other: refused while it is news, published when it has lasted."""
    rows, end = luna(year.filter(pl.col("canonical_id") == "aave"), market=1e9)
    before = until(rows, end - timedelta(days=4))
    assert "terra-luna" in judged(made, before, until(rows, end))["refused"]["jumps"]
    later = rows.filter(pl.col("date") == end)
    for days in range(1, 6):
        later_day = later.with_columns(pl.col("date") + timedelta(days=days))
        rows = pl.concat([rows, later_day]).sort("canonical_id", "date")
    found = judged(made, before, rows)
    assert not found["refused"]
    assert "terra-luna" in found["warning"]["jumps"]


def test_one_redenomination_is_a_warning(made, year):
    """A thousand old coins become a new one: the price leaps, the market cap does not."""
    rows = changed(
        year,
        (pl.col("canonical_id") == "morpho") & NEWEST,
        close=pl.col("close") * 1000,
    )
    found = judged(made, day_before(year), rows)
    assert not found["refused"]
    assert "morpho on 2026-03-12" in found["warning"]["jumps"]
    assert "market_cap ×" in found["warning"]["jumps"]


PLANTED = {
    "close ×1000 on the newest day": (
        lambda rows: changed(rows, NEWEST, close=pl.col("close") * 1000),
        ("jumps", "market"),
    ),
    "market cap in thousands on the newest day": (
        lambda rows: changed(rows, NEWEST, market_cap=pl.col("market_cap") / 1000),
        ("jumps", "market"),
    ),
    "volume ×1000 on the newest day": (
        lambda rows: changed(rows, NEWEST, volume=pl.col("volume") * 1000),
        ("jumps", "market"),
    ),
    "close ×1000 always": (
        lambda rows: rows.with_columns(pl.col("close") * 1000),
        ("past values",),
    ),
    "euros": (
        lambda rows: rows.with_columns(pl.col("close", "volume", "market_cap") * 0.92),
        ("past values",),
    ),
    "every day is the day before": (
        lambda rows: rows.with_columns(yesterdays(name).alias(name) for name in NUMBERS),
        ("past values", "values of"),
    ),
    "every day is the day after": (
        lambda rows: rows.with_columns(
            pl.col(name).shift(-1).over("canonical_id").alias(name) for name in NUMBERS
        ),
        ("past values",),
    ),
    "the newest day is the day before": (
        lambda rows: changed(rows, NEWEST, **{name: yesterdays(name) for name in NUMBERS}),
        ("frozen",),
    ),
    "volume frozen": (
        lambda rows: changed(rows, NEWEST, volume=yesterdays("volume")),
        ("frozen",),
    ),
    "two small coins swapped": (
        lambda rows: swapped(rows, "morpho", "nexo"),
        ("past values",),
    ),
    "volume halved always": (
        lambda rows: rows.with_columns(pl.col("volume") / 2),
        ("past values",),
    ),
    "volume 0 on the newest day": (
        lambda rows: changed(rows, NEWEST, volume=0.0),
        ("jumps",),
    ),
    "market cap unknown from now on": (
        lambda rows: changed(
            rows, pl.col("date") > LAST - timedelta(days=9), market_cap=pl.lit(None)
        ),
        ("freshness",),
    ),
    "market cap unknown at all": (
        lambda rows: rows.with_columns(market_cap=pl.lit(None, pl.Float64)),
        ("values of market_cap", "freshness"),
    ),
}


@pytest.mark.parametrize("error", PLANTED)
def test_a_planted_error_is_refused(made, year, error):
    """Each by the rule that is there for it."""
    plant, rules = PLANTED[error]
    refused = judged(made, day_before(year), plant(year))["refused"]
    assert refused, error
    assert any(name.startswith(rules) for name in refused), refused


def test_a_shift_is_called_a_shift(made, year):
    """Whoever is on call should not have to find that out."""
    shifted = PLANTED["every day is the day before"][0](year)
    detail = judged(made, day_before(year), shifted)["refused"]["past values"]
    assert "looks as if each day had the value of the day before" in detail


def test_two_coins_swapped_on_one_day_are_named(made, year):
    """Two of thirty: a warning that says which, and how far."""
    rows = swapped(year, "morpho", "kaspa", where=NEWEST)
    found = judged(made, day_before(year), rows)
    told = {**found["warning"], **found["refused"]}["jumps"]
    assert "morpho on 2026-03-12" in told
    assert "kaspa on 2026-03-12" in told


def test_a_volume_that_halves_for_a_day_is_told_on_most_days(made, year):
    """As on Saturdays: what a weekend does is no finding, on a weekday it is."""
    caught = []
    for back in range(7):
        day = LAST - timedelta(days=back)
        rows = until(year, day)
        halved = changed(rows, pl.col("date") == day, volume=pl.col("volume") / 2)
        found = judged(made, day_before(rows), halved)
        assert not found["refused"]
        caught += [day.strftime("%a")] if "volume" in found["warning"].get("market", "") else []
    assert len(caught) >= 4, caught


def learnt(rows, days, column="close"):
    """Series of which the last so many days were learnt after the last publication."""
    numbers = np.arange(days) + (LAST - date(1970, 1, 1)).days - days + 1
    moments = np.full(days, 2**60)
    return [
        Learnt("p.d", one, one, [column], *runs(numbers, moments))
        for one in rows["canonical_id"].unique().sort()
    ]


def test_revisions_are_expected_bounded_and_listed(made, year):
    """Young days may change for all; old ones for few; and for none by a thousand."""
    recent = pl.col("date") > LAST - timedelta(days=5)
    nudged = changed(year, recent, close=pl.col("close") * 1.03)
    evidence = Evidence(learnt(year, 6))
    found = judged(made, day_before(year), nudged, evidence=evidence)
    assert not found["refused"]
    assert "revisions" not in found["warning"]
    assert judged(made, day_before(year), nudged)["refused"]["past values"]

    leaping = changed(year, recent, close=pl.col("close") * 1000)
    found = judged(made, day_before(year), leaping, evidence=evidence)
    assert "revisions" in found["refused"]

    old = pl.col("date") < LAST - timedelta(days=90)
    rewritten = changed(year, old, close=pl.col("close") * 1.03)
    evidence = Evidence(learnt(year, 400))
    found = judged(made, day_before(year), rewritten, evidence=evidence)
    assert "vendors revised" in found["refused"]["revisions"]
    one = changed(year, old & (pl.col("canonical_id") == "nexo"), close=pl.col("close") * 1.03)
    found = judged(made, day_before(year), one, evidence=evidence)
    assert not found["refused"]
    assert "nexo close on" in found["warning"]["revisions"]


def test_a_revision_of_one_column_explains_no_other(made, year):
    """Prices were told anew, volumes changed."""
    rows = year.with_columns(pl.col("volume") * 1.5)
    evidence = Evidence(learnt(year, 400, "close"))
    assert judged(made, day_before(year), rows, evidence=evidence)["refused"]["past values"]


def test_an_edited_mapping_explains_and_is_told(made, year):
    """A person did that, on purpose; what changed is in the report."""
    rows = year.with_columns(pl.col("volume") * 1.5)
    found = judged(made, day_before(year), rows, mapping_sha256="cd" * 32)
    assert not found["refused"]
    assert "the mapping was edited" in found["warning"]["past values"]


def test_an_edited_mapping_does_not_excuse_a_thousandfold_market(made, year):
    """Even a comment is an edit; of one small coin it is believed."""
    rows = year.with_columns(pl.col("close") * 1000)
    found = judged(made, day_before(year), rows, mapping_sha256="cd" * 32)
    assert "the mapping was edited" in found["refused"]["past values"]
    past = (pl.col("canonical_id") == "morpho") & ~NEWEST
    rows = changed(year, past, close=pl.col("close") * 1000)
    found = judged(made, day_before(year), rows, mapping_sha256="cd" * 32)
    assert "past values" in found["warning"]


@pytest.mark.parametrize("month", [0, 30])
def test_the_history_of_a_heavy_asset_must_remain(made, year, month):
    """It is gone from universe and rows or cut to a month, or its closes are not known any more."""
    heavy = year.filter(NEWEST).sort("market_cap", nulls_last=False)["canonical_id"][-1]
    lost = (pl.col("canonical_id") == heavy) & (pl.col("date") <= LAST - timedelta(days=month))
    for now in (year.filter(~lost), changed(year, lost, close=pl.lit(None))):
        found = judged(made, day_before(year), now)
        assert f"{heavy} close has {month} values, 3" in found["refused"]["history"]


def test_a_window_that_moved_on_has_lost_nothing(made, year):
    """What lies before the candidate's first day is no loss of any asset."""
    later = year.filter(pl.col("date") > year["date"].min() + timedelta(days=60))
    found = judged(made, day_before(year), later)
    assert "history" not in found["warning"] | found["refused"]


def test_one_unexplained_change_of_a_small_coin_is_a_warning(made, year):
    """With its values; of a heavy one it is refused."""
    heavy = year.filter(NEWEST).sort("market_cap", nulls_last=False)["canonical_id"][-1]
    for asset, level in (("morpho", "warning"), (heavy, "refused")):
        where = (pl.col("canonical_id") == asset) & (pl.col("date") == date(2026, 1, 5))
        found = judged(made, day_before(year), changed(year, where, close=pl.col("close") * 1.5))
        assert f"{asset} close on 1 days, such as 2026-01-05" in found[level]["past values"]


def test_the_other_provider_is_heard_without_anything_published(made, year):
    """A thousandfold price is refused on the first day, too; one coin that differs is told."""
    newest = year.filter(pl.col("date") > LAST - timedelta(days=5))
    seen = newest.select("date", "canonical_id", pl.col("close") * 1.02)
    wrong = newest.with_columns(pl.col("close") * 1000)
    found = judged(made, None, wrong, evidence=Evidence(opinions=seen))
    assert "there" in found["refused"]["second opinion of close"]
    one = changed(newest, pl.col("canonical_id") == "nexo", close=pl.col("close") * 1000)
    found = judged(made, None, one, evidence=Evidence(opinions=seen))
    assert not found["refused"]
    assert "nexo on 2026-03-12" in found["warning"]["second opinion of close"]


def test_rules_are_settings(made, year):
    """What a user allows passes."""
    rows = changed(year, NEWEST, close=pl.col("close") * 2.5)
    assert judged(made, day_before(year), rows)["refused"].keys() >= {"jumps", "market"}
    rules = GateRules(jump={"close": 3})
    assert not judged(made, day_before(year), rows, rules)["refused"]


def test_assets_that_come_and_go_are_not_compared(made, year):
    """One leaves the universe and one is new in it: neither is a change of what was published, and
    that a small one is gone is told."""
    before = day_before(year.filter(pl.col("canonical_id") != "nexo"))
    now = year.filter(pl.col("canonical_id") != "morpho")
    found = judged(made, before, now)
    assert (found["warning"].keys(), found["refused"]) == ({"history"}, {})
    assert "1 of 29 assets" in found["warning"]["history"]


def test_a_heavy_asset_that_vanishes_from_its_universe_is_refused(made, year):
    """It is still listed, and nothing is known of it any more."""
    heavy = year.filter(NEWEST).sort("market_cap", nulls_last=False)["canonical_id"][-1]
    listed = made(year.filter(NEWEST)).assets
    now = year.filter(pl.col("canonical_id") != heavy)
    found = judged(made, day_before(year), now, assets=listed)
    assert f"{heavy} through no day, published through 2026-03-11" in found["refused"]["freshness"]


def test_a_revision_explains_its_own_days_only(made, year):
    """The last six days were told anew; what changed lies before them."""
    old = pl.col("date").is_between(LAST - timedelta(days=30), LAST - timedelta(days=20))
    rows = changed(year, old, close=pl.col("close") * 1.03)
    evidence = Evidence(learnt(year, 6))
    assert judged(made, day_before(year), rows, evidence=evidence)["refused"]["past values"]


def test_two_days_that_were_told_anew_explain_none_between(made, year):
    """The first and the last day of a year are no year."""
    (series, *_) = learnt(year, 300)
    days = int(series.first[0]) + np.array([0, 1, 299])
    first, last, moments = runs(days, np.full(3, 2**60))
    found = evolve(series, first=first, last=last, moments=moments).since(
        datetime(2026, 1, 1, tzinfo=timezone.utc), LAST
    )
    assert [(one.first, one.last, one.days) for one in found] == [
        (LAST - timedelta(days=299), LAST - timedelta(days=298), 2),
        (LAST, LAST, 1),
    ]


def test_two_small_assets_that_change_without_a_reason_are_too_many(made, year):
    """Of thirty, holding less than 5 % of the market cap together."""
    by_cap = year.filter(NEWEST).drop_nulls("market_cap").sort("market_cap")
    small = by_cap.head(2)
    assert small["market_cap"].sum() < 0.05 * by_cap["market_cap"].sum()
    where = pl.col("canonical_id").is_in(small["canonical_id"].implode())
    rows = changed(year, where, close=pl.col("close") * 1.1)
    refused = judged(made, day_before(year), rows)["refused"]
    assert "of 2 of 30 assets" in refused["past values"]
