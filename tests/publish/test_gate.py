"""The gate between a candidate and what is published."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from datalake.errors import ConfigError
from datalake.publish import GateRules, publish
from datalake.publish.layout import encode_data

IDS = [f"asset-{at:02}" for at in range(20)]


def refused(outcome):
    return {check.name: check.detail for check in outcome.checks if check.level == "refused"}


def without_values(rows, column, count):
    """The rows with the oldest `count` values of a column unknown."""
    unknown = pl.col("date").rank("ordinal") <= count
    return rows.with_columns(pl.when(~unknown).then(pl.col(column)).alias(column))


@pytest.fixture
def rows(frame):
    return frame(ids=IDS, days=10)


@pytest.fixture
def published(made, rows, output):
    assert publish(made(rows), output).published
    return output


def test_first_publication_has_nothing_to_compare_with(made, output):
    """With nothing published, the gate passes and says why."""
    outcome = publish(made(), output)
    assert outcome.published
    (check,) = [check for check in outcome.checks if check.name == "published file"]
    assert (check.passed, check.level) == (True, "ok")
    assert "nothing to compare with" in check.detail


def test_same_content_passes_again(made, rows, published):
    """A run that would write the same bytes counts as published."""
    before = published.read_bytes()
    outcome = publish(made(rows), published)
    assert outcome.published
    assert {check.level for check in outcome.checks} == {"ok"}
    assert published.read_bytes() == before


@pytest.mark.parametrize(
    ("fewer", "rule", "words"),
    [
        (lambda rows: rows.filter(pl.col("canonical_id") > IDS[2]), "assets", "gone are asset-00"),
        (lambda rows: rows.head(179), "rows", "179 rows, 200 are published: 89.5% is less"),
        (lambda rows: without_values(rows, "volume", 21), "values of volume", "179 known values"),
        (lambda rows: without_values(rows, "lc_sentiment", 200), "values of lc_sentiment", "0.0%"),
    ],
)
def test_less_than_nine_tenths_is_refused(made, rows, published, fewer, rule, words):
    """Fewer assets, rows or known values than 90 %: the published file stands untouched."""
    before = {path: path.read_bytes() for path in published.parent.glob("*.parquet")}
    candidate = made(fewer(rows))
    outcome = publish(candidate, published)
    assert not outcome.published
    assert words in refused(outcome)[rule]
    kept = published.with_name("user_facing_data.candidate.parquet")
    assert outcome.candidate_path == str(kept)
    kept = pl.read_parquet(outcome.candidate_path).with_columns(pl.col("date").dt.date())
    assert kept.equals(candidate.rows.collect())
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    "fewer",
    [
        lambda rows: rows.filter(pl.col("date") > rows["date"].min()),
        lambda rows: without_values(rows, "volume", 20),
    ],
)
def test_nine_tenths_are_enough(made, rows, published, fewer):
    """Exactly 90 % passes."""
    assert publish(made(fewer(rows)), published).published


def test_the_ratio_is_a_setting(made, rows, published):
    """A stricter rule refuses what the usual one lets through."""
    candidate = made(rows.filter(pl.col("date").rank("ordinal") > 5))
    assert not publish(candidate, published, GateRules(min_ratio=0.99)).published
    assert publish(candidate, published).published


def test_a_lost_column_is_refused(made, frame, output):
    """Readers of an extended column would break: that needs a reason."""
    publish(made(frame(extended=("open",))), output)
    outcome = publish(made(frame()), output)
    assert "no such column" in refused(outcome)["values of open"]
    assert publish(made(frame()), output, force="open is no longer offered").published


def test_force_publishes_and_is_recorded(made, rows, published):
    """A reason turns refusals into warnings that carry it, and leaves no candidate behind."""
    smaller = made(rows.head(50))
    kept = Path(publish(smaller, published).candidate_path)
    assert kept.exists()
    outcome = publish(smaller, published, force="the universe was cut on purpose")
    assert outcome.published
    assert outcome.candidate_path is None
    assert not kept.exists()
    forced = [check for check in outcome.checks if not check.passed]
    assert {check.level for check in forced} == {"warning"}
    assert all("the universe was cut on purpose" in check.detail for check in forced)
    assert pl.read_parquet(published).height == 50


def test_force_does_not_break_the_contract(made, rows, published):
    """A reason cannot publish what is wrong in itself, nor an empty file."""
    before = published.read_bytes()
    for bad in (rows.with_columns(volume=-1.0), rows.clear(), rows.drop("close")):
        outcome = publish(made(bad), published, force="because")
        assert not outcome.published
        assert Path(outcome.candidate_path).exists()
    assert published.read_bytes() == before


def test_many_at_once_leave_the_newest(made, rows, published):
    """Whatever the order in which runs come to the output, the latest as_of is what stays."""
    runs = [made(rows, as_of=made(rows).as_of + timedelta(minutes=at)) for at in range(12)]
    expected = encode_data(runs[-1])
    for _ in range(5):
        published.unlink()
        start = threading.Barrier(len(runs))

        def late(run, start=start):
            start.wait()
            publish(run, published)

        threads = [threading.Thread(target=late, args=(run,)) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert published.read_bytes() == expected


@pytest.mark.parametrize("force", [None, "I insist"])
def test_the_fence_stops_an_older_run(made, rows, published, force):
    """What is as of an earlier instant never replaces what is as of a later one."""
    before = published.read_bytes()
    now = made(rows).as_of
    outcome = publish(made(rows, as_of=now - timedelta(seconds=1)), published, force=force)
    assert list(refused(outcome)) == ["fence"]
    assert published.read_bytes() == before
    assert publish(made(rows, as_of=now + timedelta(days=1)), published).published


def test_a_damaged_file_is_a_warning_and_replaced(made, rows, published):
    """Whatever a crash or a bad disk left, the next run replaces it and says so."""
    whole = published.read_bytes()
    damages = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "zeros": bytes(len(whole)),
        "no footer": whole[:-8] + bytes(8),
        "footer overwritten": whole[:-400] + b"x" * 392 + whole[-8:],
        "not parquet": b"garbage, where the assets file shows that it was ours",
    }
    for damage, data in damages.items():
        published.write_bytes(data)
        outcome = publish(made(rows), published)
        assert outcome.published, damage
        (check,) = [check for check in outcome.checks if check.name == "copies"]
        assert check.level == "warning", damage
        assert "damaged" in check.detail
        assert published.read_bytes() == whole


def test_footers_with_random_damage_never_crash(made, rows, published):
    """A byte that flips in the footer ends in a comparison, a replacement or a sentence."""
    whole = published.read_bytes()
    length = int.from_bytes(whole[-8:-4], "little")
    for at in range(len(whole) - 8 - length, len(whole), 97):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        published.write_bytes(damaged)
        with contextlib.suppress(ConfigError):  # it hit what marks the file as ours
            outcome = publish(made(rows), published, force="the footer may claim anything")
            assert outcome.published or refused(outcome).keys() == {"fence"}
