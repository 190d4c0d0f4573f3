"""The public way in for other pipelines, on a real bucket's protocol."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pandas as pd
import pytest

from datalake import ConfigError, GCSCachingManager, StoreError

from .conftest import DATASET, EPOCH, truth

NOW = datetime(2026, 3, 15, 10, tzinfo=timezone.utc)
SINCE, UNTIL = date(2026, 3, 1), date(2026, 3, 14)
MARKET = ("coingecko", "market", "bitcoin")


@pytest.fixture
def manager(gcs, gcs_env, monkeypatch, tmp_path):
    """Made as a user makes it: from the environment alone."""
    for name, value in {**gcs_env, "GCP_BUCKET_NAME": "lake"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return GCSCachingManager(clock=lambda: NOW)


def frame(days=14):
    dates = pd.date_range(SINCE, periods=days)
    numbers = [float(number) for number in range(days)]
    return pd.DataFrame({"date": dates, "price": numbers, "market_cap": numbers, "volume": numbers})


def test_check_put_check_get(manager, gcs):
    """The whole life of a series, with a dataset of an installed plugin."""
    before = manager.check(*MARKET, since=SINCE)
    assert (before.hit, before.reason) == (False, "not in the cache")
    assert (before.window.start, before.window.last) == (SINCE, UNTIL)
    assert manager.get(*MARKET) is None
    manager.put(*MARKET, frame(), since=SINCE)
    assert manager.check(*MARKET, since=SINCE).hit
    assert manager.check(*MARKET).hit
    table = manager.get(*MARKET, since=date(2026, 3, 10), until=date(2026, 3, 11))
    assert table.column_names == ["date", "price", "market_cap", "volume"]
    assert table["price"].to_pylist() == [9.0, 10.0]
    assert list(gcs.objects("lake")) == [
        "series/v1/provider=coingecko/dataset=market/asset=bitcoin/series.parquet"
    ]


def test_a_later_day_is_missing(manager):
    """The answer says which days to fetch, with a little overlap."""
    manager.put(*MARKET, frame(10), since=SINCE, until=date(2026, 3, 10))
    decision = manager.check(*MARKET, since=SINCE)
    assert not decision.hit
    assert decision.window.start == date(2026, 3, 8)
    assert decision.window.last == UNTIL


def test_only_the_missing_days_are_fetched(manager):
    """`get_or_fetch` calls with their window, and another pipeline then finds them."""
    asked = []

    def fetch(window):
        asked.append(window)
        days = [window.start + timedelta(days=number) for number in range(window.days)]
        values = {
            name: [truth(day)["price"] for day in days]
            for name in ("price", "market_cap", "volume")
        }
        # CoinGecko stamps a day with its end
        return {"time": [((day - EPOCH).days + 1) * 86_400_000 for day in days], **values}

    for until in (date(2026, 3, 10), UNTIL, UNTIL):
        found = manager.get_or_fetch(*MARKET, fetch, since=SINCE, until=until)
        assert len(found.table) == (until - SINCE).days + 1
    assert [window.days for window in asked] == [10, 7]
    other = GCSCachingManager("lake", clock=lambda: NOW)
    assert other.check(*MARKET, since=SINCE).hit


def test_a_dataset_of_ones_own(manager):
    """A pipeline may share what no plugin offers; others are told who does not know it."""
    ours = GCSCachingManager("lake", datasets={"acme.market": DATASET}, clock=lambda: NOW)
    rows = {"date": [SINCE], "price": [1.0], "rank": [1], "label": ["x"]}
    ours.put("acme", "market", "bitcoin", rows, since=SINCE, until=SINCE)
    assert ours.get("acme", "market", "bitcoin")["label"].to_pylist() == ["x"]
    with pytest.raises(ConfigError, match=r"no dataset 'acme.market'.*datasets=\{'acme.market'"):
        manager.get("acme", "market", "bitcoin")
    with pytest.raises(ConfigError, match=r"did you mean 'coingecko\.market'"):
        manager.get("coingecko", "markets", "bitcoin")


def test_a_mirror_spares_downloads(manager, gcs, tmp_path):
    """With a folder, what was read once is there."""
    manager.put(*MARKET, frame(), since=SINCE)
    mirrored = GCSCachingManager(mirror=tmp_path / "mirror", clock=lambda: NOW)
    assert len(mirrored.get(*MARKET)) == 14
    assert mirrored.url == "gs://lake"
    assert any((tmp_path / "mirror").rglob("*"))


def test_no_bucket_is_told(monkeypatch, tmp_path, gcs_env):
    """Neither a name nor a variable; and a bucket that is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GCP_BUCKET_NAME", raising=False)
    with pytest.raises(ConfigError, match="GCP_BUCKET_NAME"):
        GCSCachingManager()
    for name, value in gcs_env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match="gcloud storage buckets create gs://nowhere"):
        GCSCachingManager("nowhere").get(*MARKET)
