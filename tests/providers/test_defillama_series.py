"""DefiLlama's histories, read from every recording there is."""

from __future__ import annotations

from datetime import date, datetime, timezone

import msgspec
import numpy as np
import pytest

import datalake_defillama
from datalake import NotFound, Refused, Unavailable
from datalake_defillama.series import HISTORY, ChainPoint, Failure, ProtocolBody, VolumeBody, daily


def history(real, chain):
    path = real / "defillama" / f"v2_historicalChainTvl_{chain}_2026-05-01.json"
    points = msgspec.json.decode(path.read_bytes(), type=HISTORY)
    return daily("tvl", [(point.date, point.tvl) for point in points])


def days(columns):
    return [datetime.fromtimestamp(time, timezone.utc).date() for time in columns["time"].tolist()]


def test_every_recorded_chain_history_is_read(real):
    """Single, rising midnights that begin with a value; the last is the day of the recording."""
    paths = sorted((real / "defillama").glob("v2_historicalChainTvl_*_2026-05-01.json"))
    assert len(paths) == 19
    for path in paths:
        columns = history(real, path.name.split("_")[2])
        assert (np.diff(columns["time"]) > 0).all(), path.name
        assert (columns["time"] % 86_400 == 0).all(), path.name
        assert columns["tvl"][0] > 0, path.name
        assert days(columns)[-1] == date(2026, 5, 1), path.name


@pytest.mark.parametrize(
    ("chain", "zeros"),
    [("Ethereum", 138), ("Berachain", 73), ("Sonic", 71), ("Hyperliquid-L1", 52), ("Base", 42)],
)
def test_leading_zeros_are_no_data(real, chain, zeros):
    """The days before the first value are left out, as many as were counted by hand."""
    path = real / "defillama" / f"v2_historicalChainTvl_{chain}_2026-05-01.json"
    rows = msgspec.json.decode(path.read_bytes(), type=list[ChainPoint])
    assert len(history(real, chain)["tvl"]) == len(rows) - zeros


def test_gaps_stay_gaps(real):
    """Arbitrum has no values from 2021-06-17 to 2021-08-16, and none are made up."""
    gap = [day for day in days(history(real, "Arbitrum")) if date(2021, 6, 17) <= day]
    assert gap[0] >= date(2021, 8, 17)


def test_a_history_answered_as_an_object_is_told_apart():
    """An unknown chain may come as HTTP 200 with an object where the list should be."""
    body = b'{"statusCode": 400, "body": "{\\"message\\": \\"There is no chain\\"}", "headers": {}}'
    assert msgspec.json.decode(body, type=HISTORY) == Failure(400)


def test_the_recorded_protocol(real):
    """Of Swappi's two points of the day of the call the later stays, at the day's midnight."""
    body = (real / "defillama" / "protocol_swappi_2025-02-09.json").read_bytes()
    points = [(point.date, point.tvl) for point in msgspec.json.decode(body, type=ProtocolBody).tvl]
    columns = daily("tvl", points)
    assert len(columns["tvl"]) == 1028
    assert days(columns)[-2:] == [date(2025, 2, 8), date(2025, 2, 9)]
    assert columns["tvl"][-2:].tolist() == [9424905.19192, 9566678.18099]


def test_the_recorded_volume_chart(real):
    """Pairs of midnight and dollars; the last three are those of the recording."""
    body = (real / "defillama" / "overview_dexs_2026-10-09.excerpt.json").read_bytes()
    columns = daily("volume", msgspec.json.decode(body, type=VolumeBody).chart)
    assert days(columns)[-1] == date(2026, 10, 9)
    assert columns["volume"][-3:].tolist() == [9279864680.240002, 9169499484.29, 9158589010.51]


def test_zeros_and_nulls_after_the_first_value_stay():
    """A chain that dies is worth 0; a day without a reading is null."""
    columns = daily(
        "tvl", [(0, 0.0), (86_400, None), (172_800, 5.0), (259_200, None), (345_600, 0)]
    )
    assert columns["time"].tolist() == [172_800, 259_200, 345_600]
    np.testing.assert_array_equal(columns["tvl"], [5.0, np.nan, 0.0])


@pytest.mark.parametrize("points", [[], [(0, 0.0), (86_400, 0.0)], [(0, None)]])
def test_a_history_without_a_value_has_no_rows(points):
    """Nothing, only zeros or only nulls: no rows, no error."""
    assert [len(column) for column in daily("tvl", points).values()] == [0, 0]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b"Protocol not found", NotFound),
        (400, b"Dexs for lido not found, please visit /overview/dexs to see available", NotFound),
        (400, b'{"message": "There is no chain with that name"}', NotFound),
        (402, b"Upgrade to the paid API plan at https://defillama.com/subscription", Refused),
        (404, b"404 page not found", Unavailable),
        (500, b"Internal server error", None),
        (200, b'[{"note": "Protocol not found"}]', None),
    ],
)
def test_errors_are_sorted_by_what_they_mean(status, body, error):
    """The texts are those of the server's source and of reports."""
    assert datalake_defillama.classify(status, body) is error
