"""A lake as one file: it comes back as it was, joins what is there, and is never trusted."""

from __future__ import annotations

import io
import tarfile
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalake.cache import AssetCache, SeriesKey
from datalake.errors import ConfigError
from datalake.lake.origin import claim
from datalake.lake.portable import bring_in, carried, export
from datalake.models import DAY, Column, Dataset, Plan, Provider, Rate, Stamp, Window
from datalake.plugins import Plugin, Registry
from datalake.stores import ABSENT, open_store

NOW = datetime(2026, 3, 15, 10, tzinfo=timezone.utc)
DATASET = Dataset(
    name="market",
    columns={"price": Column("usd", "the price", minimum=0)},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
ACME = Provider(
    name="acme", title="Acme", plans=[Plan("free", "https://x", Rate(1))], datasets=[DATASET]
)
REGISTRY = Registry([Plugin("acme", "acme", "1", providers=[ACME])])
FIRST = date(2026, 1, 1)


def lake(*series, origin="live", later=0):
    """A store in memory with series of (asset, first day, days, price)."""
    store = open_store("memory:", {})
    claim(store, origin)
    cache = AssetCache(store, clock=lambda: NOW + timedelta(hours=later))
    for asset, start, days, price in series:
        window = Window(FIRST + start * DAY, FIRST + (start + days) * DAY)
        dates = [window.start + number * DAY for number in range(days)]
        rows = {"date": dates, "price": [float(price)] * days}
        cache.put(SeriesKey("acme", "market", asset), DATASET, asset, rows, window)
    return store


def exported(store, *patterns):
    sink = io.BytesIO()
    export(store, carried(store, patterns), sink)
    return sink.getvalue()


@pytest.fixture
def bring(tmp_path):
    """Import bytes into a store; the outcomes by key."""

    def call(store, data):
        path = tmp_path / "lake.tar"
        path.write_bytes(data)
        return {one.key: (one.outcome, one.reason) for one in bring_in(store, REGISTRY, path)}

    return call


def content(store):
    return {entry.key: store.get(entry.key).data for entry in store.list()}


def test_there_and_back(bring):
    """Every object with its metadata; the same lake gives the same bytes."""
    store = lake(("bitcoin", 0, 5, 1), ("usd/coin", 3, 4, 2))
    data = exported(store)
    new = open_store("memory:", {})
    bring(new, data)
    assert content(new) == content(store)
    assert [e.metadata for e in new.list()] == [e.metadata for e in store.list()]
    assert exported(new) == data


def test_patterns_choose_series(bring):
    """The mark always comes along."""
    data = exported(lake(("bitcoin", 0, 5, 1), ("ripple", 0, 5, 1)), "*/ripple")
    new = open_store("memory:", {})
    assert [key.count("ripple") for key in bring(new, data)] == [0, 1]


series = st.tuples(
    st.sampled_from(["a", "b"]), st.integers(0, 9), st.integers(1, 9), st.integers(1, 3)
)


@settings(max_examples=40)
@given(st.lists(series, max_size=3), st.lists(series, max_size=3))
def test_importing_joins(tmp_path_factory, one, other):
    """In either order the same series; doing it again changes nothing; no row is lost."""
    folder = tmp_path_factory.mktemp("x")
    files = []
    for number, made in enumerate((one, other)):
        files.append(folder / f"{number}.tar")
        files[-1].write_bytes(exported(lake(*made, later=number)))
    results = []
    for order in (files, files[::-1], [*files, *files]):
        store = open_store("memory:", {})
        for file in order:
            list(bring_in(store, REGISTRY, file))
        cache = AssetCache(store, clock=lambda: NOW)
        found = [cache.find(SeriesKey("acme", "market", asset), DATASET) for asset in "ab"]
        results.append([getattr(f, "coverage", None) for f in found])
        tables = [f.table.to_pylist() for f in found if hasattr(f, "table")]
        results[-1].append(tables)
    assert results[0] == results[1] == results[2]


def test_another_origin_is_refused(bring):
    """Simulated data never come into a real lake, nor the other way."""
    for ours, theirs in (("live", "sandbox"), ("sandbox", "live")):
        store = lake(("a", 0, 5, 1), origin=ours)
        before = content(store)
        with pytest.raises(ConfigError, match=f"holds {ours} data"):
            bring(store, exported(lake(("b", 0, 5, 1), origin=theirs)))
        assert content(store) == before


def archive(*members):
    """A tar file of (name, bytes, metadata or a TarInfo's fields)."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as file:
        mark = lake().get("lake.json").data
        for name, data, more in (("lake.json", mark, {}), *members):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for field, value in more.items():
                setattr(member, field, value)
            file.addfile(member, io.BytesIO(data))
        file.addfile(tarfile.TarInfo("end"))
    return sink.getvalue()


KEY = "series/v1/provider=acme/dataset=market/asset=a/series.parquet"
HOSTILE = [
    ("../../etc/passwd", b"x", {}),
    ("/etc/passwd", b"x", {}),
    ("series/v1/../../x", b"x", {}),
    (KEY, b"", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
    (KEY, b"", {"type": tarfile.LNKTYPE, "linkname": "lake.json"}),
    (KEY, b"", {"type": tarfile.FIFOTYPE}),
    (KEY, b"no parquet", {}),
    (KEY, b"no parquet", {"pax_headers": {"DATALAKE.sha256": "0" * 64}}),
    (KEY, b"\x80\x04pickle", {"pax_headers": {"DATALAKE.sha256": "0" * 64}}),
    (KEY, bytes(17 << 20), {}),
    (KEY, b"x", {"pax_headers": {"DATALAKE.x": "y" * 20_000}}),
    ("runs/v1/x.json", b"{}", {}),
    ("runs/v1/x.json", b'{"run_id": "y"}', {}),
    ("runs/v1/x.json", b"[" * 100_000, {}),
    ("inputs/v1/x.parquet", b"no parquet", {}),
    (f"mappings/v1/{'0' * 64}.yaml", b"version: 1", {}),
    ("catalogue/v1/x.parquet", b"x", {}),
    ("evil.sh", b"x", {}),
    ("lake.json", b'{"origin": "sandbox"}', {}),
]


@pytest.mark.parametrize("member", HOSTILE, ids=lambda member: f"{member[0]}-{list(member[2])}")
def test_hostile_members_are_left_out(bring, member, tmp_path):
    """Each is refused with a reason, the rest comes in, and nothing reaches the file system."""
    store = lake(("a", 0, 3, 1))
    before = content(store)
    outcomes = bring(store, archive(member))
    assert [outcome for outcome, _ in list(outcomes.values())[1:]] in (["refused"], [])
    assert content(store) == before
    assert [path.name for path in tmp_path.iterdir()] == ["lake.tar"]


@pytest.mark.parametrize(
    "data", [b"", b"no tar at all" * 100, b"\0" * 1024, b"PK\x03\x04" + bytes(600)]
)
def test_files_that_are_no_export(bring, data):
    """One sentence; nothing is touched."""
    store = open_store("memory:", {})
    with pytest.raises(ConfigError, match=r"lake\.tar"):
        bring(store, data)
    assert content(store) == {}


def test_a_file_that_is_cut(bring):
    """What was whole came in, and the end is told."""
    data = exported(lake(*((f"asset-{number}", 0, 3, 1) for number in range(20))))
    for part in (0.3, 0.5, 0.7):
        store = open_store("memory:", {})
        with pytest.raises(ConfigError, match=r"damaged or cut.*what was whole came in"):
            bring(store, data[: int(len(data) * part)])
        cache = AssetCache(store, clock=lambda: NOW)
        keys = [entry.key for entry in store.list("series/")]
        assert 0 < len(keys) < 20
        for number in range(len(keys)):
            key = SeriesKey("acme", "market", f"asset-{number}")
            found = cache.find(key, DATASET)
            assert hasattr(found, "table") or found.generation == ABSENT


def test_what_is_damaged_here_is_replaced(bring):
    """A whole series from the file takes the place of one that cannot be used."""
    store = lake(("a", 0, 3, 1))
    data = exported(store)
    store.put(KEY, b"damaged", {}, if_generation=store.get(KEY).generation)
    assert bring(store, data)[KEY][0] == "merged"
    assert exported(store) == data
