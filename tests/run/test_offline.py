"""`--offline`: the whole run from the cache alone, with no socket and the same result."""

from __future__ import annotations

import socket
from datetime import timedelta

import polars as pl
import pytest

from datalake.errors import ConfigError
from datalake.exits import Exit

from .conftest import AS_OF


@pytest.fixture
def no_sockets(monkeypatch):
    """Opening a socket is an error from now on."""

    def cut():
        def refuse(*_, **__):
            raise AssertionError("a socket was opened")

        for name in ("socket", "create_connection", "socketpair", "getaddrinfo"):
            monkeypatch.setattr(socket, name, refuse)

    return cut


def published(tmp_path):
    return [(tmp_path / name).read_bytes() for name in ("data.parquet", "data.assets.parquet")]


def test_it_makes_the_same_files_without_a_socket(sandbox_run, no_sockets, tmp_path):
    """Byte for byte what the run made that filled the cache."""
    online = sandbox_run(top=30)
    before = published(tmp_path)
    no_sockets()
    offline = sandbox_run(top=30, offline=True)
    assert offline.exit is online.exit is Exit.PUBLISHED, offline.report.message
    assert published(tmp_path) == before
    assert {one["calls"] for one in offline.report.providers.values()} == {0}
    assert offline.report.cache["offline"] is True
    assert offline.report.synthetic is True


def test_named_assets_have_their_descriptions(sandbox_run, tmp_path):
    """Symbols and names come from the archived list."""
    sandbox_run(assets=["dogecoin", "ripple"])
    before = published(tmp_path)
    offline = sandbox_run(assets=["dogecoin", "ripple"], offline=True)
    assert offline.exit is Exit.PUBLISHED
    assert published(tmp_path) == before


def test_days_that_nobody_asked_for_are_stale(sandbox_run, tmp_path):
    """A day later the cache is a day short: that is degraded, and says through which day it is."""
    sandbox_run()
    result = sandbox_run(offline=True, as_of=AS_OF + timedelta(days=1))
    assert result.exit is Exit.DEGRADED, result.report.message
    failed = result.report.providers["coingecko"]["failed"]
    # None: a variant that the provider does not have, as was known through that day; not always one
    assert {one["stale_through"] for one in failed} - {None} == {"2026-03-14"}
    assert "offline" in failed[0]["error"]
    rows = pl.read_parquet(tmp_path / "data.parquet")
    assert str(rows["date"].max().date()) == "2026-03-14"
    assert rows.filter(pl.col("canonical_id") == "bitcoin")["volume"].null_count() == 0


def test_a_member_that_is_missing_is_no_smaller_sum(sandbox_run, tmp_path):
    """A variant whose series is not there may exist: the sum that needs it is withheld."""
    sandbox_run(assets=["bitcoin"])
    lost = tmp_path / "lake/series/v1/provider=coingecko/dataset=market/asset=wrapped-bitcoin"
    (lost / "series.parquet").unlink()
    result = sandbox_run(assets=["bitcoin"], offline=True, output=tmp_path / "other.parquet")
    assert result.exit is Exit.DEGRADED
    (failed,) = result.report.providers["coingecko"]["failed"]
    assert (failed["asset"], failed["error"]) == (
        "wrapped-bitcoin",
        "not in the cache, and the run is offline",
    )
    rows = pl.read_parquet(tmp_path / "other.parquet")
    assert rows["volume"].null_count() == rows.height
    assert rows["close"].null_count() == 0


def test_what_is_not_there_at_all_is_told(sandbox_run, tmp_path):
    """An empty cache has no universe; one without the named asset has no prices."""
    with pytest.raises(ConfigError, match="no universe is archived"):
        sandbox_run(offline=True)
    result = sandbox_run(offline=True, assets=["dogecoin"])
    assert result.exit is Exit.FAILED
    assert "not in the cache" in result.report.message
    assert not (tmp_path / "data.parquet").exists()


def test_it_writes_nothing_into_the_store(sandbox_run, tmp_path):
    """Neither report nor archive nor mark."""
    sandbox_run(assets=["dogecoin"])
    before = sorted((tmp_path / "lake").rglob("*"))
    sandbox_run(assets=["dogecoin"], offline=True)
    assert sorted((tmp_path / "lake").rglob("*")) == before


def test_it_contradicts_a_refresh(sandbox_run):
    """Asking nobody and asking for all again cannot both be meant."""
    with pytest.raises(ConfigError, match="--offline"):
        sandbox_run(offline=True, refresh=["all"])
    with pytest.raises(ConfigError, match="did you mean 'coingecko'"):
        sandbox_run(refresh=["coingeko"])
