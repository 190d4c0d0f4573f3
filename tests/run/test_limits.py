"""What is withheld on the open day: a sum without one of its members would be a wrong number."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datalake.client import OfflineClient
from datalake.models import Asset, Window
from datalake.running.fetching.series import Series
from datalake.running.folding.fold import fold_all
from datalake.running.planning.plan import Want, feeds, folded_columns
from datalake.running.sources import Source
from datalake.series import series_schema
from datalake_aggregation import load_mapping
from datalake_coingecko import MARKET, register_providers

from .conftest import AS_OF

(COINGECKO,) = register_providers()
PLAN = COINGECKO.plans[0]
SOURCE = Source(COINGECKO, PLAN, OfflineClient(PLAN, lambda: AS_OF), 0.0)
TODAY = AS_OF.date()
COLUMNS = ["close", "volume", "market_cap"]
MAPPING = load_mapping()


def rows(days, volume):
    """A price of 2 and a cap of 3 on each of the days; a volume of None is not known."""
    values = {"price": 2.0, "market_cap": 3.0, "volume": volume}
    columns = {name: [value] * len(days) for name, value in values.items()}
    return pa.table({"date": days, **columns}, schema=series_schema(MARKET))


def series(asset, volume, *, today=..., days=9, known_through=None):
    """A coin that trades the same each day, yesterday included."""
    window = Window(TODAY - timedelta(days=days), TODAY)
    closed = [window.start + timedelta(days=n) for n in range(window.days)]
    if known_through:
        closed = [day for day in closed if day <= known_through]
    want = Want(
        SOURCE, MARKET, Asset(asset), asset == "bitcoin", window, window, columns=MARKET.columns
    )
    now = None if today is None else rows([TODAY], volume if today is ... else today[0])
    return Series(want, rows(closed, volume), known_through, today=now)


def folded(*members, column="volume"):
    """The column of bitcoin by day."""
    made = fold_all(
        list(members),
        feeds(MAPPING, folded_columns(MAPPING, COLUMNS)),
        COLUMNS,
        MAPPING,
        date.min,
    )
    return dict(made.rows.select("date", column).collect().iter_rows())


NATIVE = series("bitcoin", 90.0)


def test_all_members_are_summed():
    """Today as on other days."""
    days = folded(NATIVE, series("wrapped-bitcoin", 10.0))
    assert days[TODAY] == days[TODAY - timedelta(days=1)] == 100.0


@pytest.mark.parametrize("today", [None, (None,)])
def test_a_member_without_a_snapshot_withholds_the_sum(today):
    """And no closed day of it, nor what does not rely on it."""
    members = (NATIVE, series("wrapped-bitcoin", 10.0, today=today))
    days = folded(*members)
    assert days[TODAY] is None
    assert days[TODAY - timedelta(days=1)] == 100.0
    assert folded(*members, column="close")[TODAY] == 2.0


def test_a_small_member_does_not():
    """Less than a hundredth is let go."""
    assert folded(NATIVE, series("wrapped-bitcoin", 0.1, today=None))[TODAY] == 90.0


def test_a_native_without_a_snapshot_is_not_stood_in_for():
    """The price of a wrapped token is another one."""
    members = (series("bitcoin", 90.0, today=None), series("wrapped-bitcoin", 10.0))
    assert folded(*members, column="close").get(TODAY) is None
    assert folded(*members).get(TODAY) is None


def test_a_late_series_with_a_snapshot_is_known_today_alone():
    """The days between are withheld, whatever is known of today."""
    through = TODAY - timedelta(days=3)
    members = (NATIVE, series("wrapped-bitcoin", 10.0, known_through=through))
    days = folded(*members)
    assert [days[through + timedelta(days=n)] for n in range(4)] == [100.0, None, None, 100.0]


def test_an_asset_that_has_ended_is_not_waited_for():
    """It ended weeks ago, and no snapshot has it."""
    gone = series("wrapped-bitcoin", 10.0, today=None, days=40)
    old = gone.table.filter(pc.less(gone.table["date"], TODAY - timedelta(days=20)))
    ended = Series(gone.want, old)
    assert folded(NATIVE, ended)[TODAY] == 90.0
