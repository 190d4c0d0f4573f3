"""Who reads one asset downloads that asset, from a bucket too."""

from __future__ import annotations

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import datalake
from datalake import StoreError
from datalake.publish import open_place, publish
from datalake.stores import ABSENT, open_store
from datalake.stores.local import LocalStore
from datalake.stores.ranges import TAIL, open_ranges


@pytest.fixture
def bucket(made, gcs, gcs_env):
    """The made lake in a bucket."""
    local, remote = LocalStore(made), open_store("gs://lake/here", {}, gcs_env)
    for folder in ("series/", "revisions/", "universe/", "lake.json"):
        for entry in local.list(folder):
            stored = local.get(entry.key)
            remote.put(entry.key, stored.data, stored.metadata, if_generation=ABSENT)
    gcs.clear()
    return datalake.open("gs://lake/here", environment=gcs_env)


def test_a_series_is_one_listing_and_one_download(bucket, gcs, lake):
    """So many bytes as the asset's object has, whatever else lies there."""
    assert bucket.series("coingecko.market", "bitcoin").equals(
        lake.series("coingecko.market", "bitcoin")
    )
    assert gcs.operations() == ["list", "media"]
    (entry,) = lake.store.list("series/v1/provider=coingecko/dataset=market/asset=bitcoin/")
    assert gcs.requests[1].sent == entry.size
    assert sum(request.sent for request in gcs.requests) < entry.size + 2_000


def test_the_past_of_a_series_costs_one_listing_more(bucket, gcs, lake):
    """That of its own revisions."""
    as_of = "2026-03-13"
    assert bucket.series("coingecko.market", "bitcoin", as_of=as_of).equals(
        lake.series("coingecko.market", "bitcoin", as_of=as_of)
    )
    assert gcs.operations() == ["list", "list", "media"]


def test_many_assets_are_one_listing_and_a_download_each(bucket, gcs, lake):
    """Only those that were asked for."""
    assets = ["bitcoin", "ethereum", "tether"]
    table = bucket.series("coingecko.market", assets)
    assert table.equals(lake.series("coingecko.market", assets))
    assert gcs.operations() == ["list", "media", "media", "media"]


def test_what_was_downloaded_may_be_kept(bucket, gcs, gcs_env, tmp_path):
    """A second notebook lists, and downloads nothing."""
    for _ in range(2):
        gcs.clear()
        lake = datalake.open("gs://lake/here", mirror=tmp_path / "mirror", environment=gcs_env)
        assert lake.series("coingecko.market", "bitcoin").equals(
            bucket.series("coingecko.market", "bitcoin")
        )
    assert gcs.operations() == ["list", "list", "media"]  # the last two are `bucket`'s


@pytest.fixture
def large(candidate_of, gcs, gcs_env):
    """A published file of 120 assets over two years in a bucket."""
    output = "gs://lake/out/user_facing_data.parquet"
    ids = [f"asset-{number:03}" for number in range(120)]
    publish(candidate_of(ids, 730), open_place(output, {}, gcs_env))
    gcs.clear()
    return datalake.open("gs://lake/out", environment=gcs_env)


def test_one_published_asset_is_a_part_of_the_file(large, gcs):
    """The pointer, the end of the file, and the columns of the row groups that may hold it."""
    table = large.published(assets="asset-060", columns=["close", "volume"])
    assert len(table) == 730
    ranges = [request for request in gcs.requests if request.operation == "media"][1:]
    size = max(len(one.data) for one in gcs.objects("lake").values())
    assert sum(request.sent for request in ranges) < TAIL + size / 20
    assert len(ranges) <= 4
    whole = large.published(columns=["close", "volume"])
    assert whole.filter(pc.equal(whole["canonical_id"], "asset-060")).equals(table)


def test_a_damaged_page_is_noticed(large, gcs):
    """The pages have checksums of their own, since a part of a file has none."""
    name, lies = next(
        (name, one)
        for name, one in gcs.objects("lake").items()
        if "versions/" in name and name.endswith("data.parquet")
    )
    middle = len(lies.data) // 4
    spoilt = lies.data[:middle] + bytes([lies.data[middle] ^ 1]) + lies.data[middle + 1 :]
    gcs.poke("lake", name, spoilt)
    with pytest.raises(StoreError, match="cannot be read"):
        large.published()
    gcs.poke("lake", name, lies.data[:-1])
    with pytest.raises(StoreError, match="is damaged: it is not"):
        large.published()
    gcs.remove("lake", name)
    with pytest.raises(StoreError, match="is gone"):
        large.published()


class Plain:
    """A plugin's store that has only what every store has."""

    def __init__(self, store):
        self.get, self.url = store.get, store.url


@pytest.mark.parametrize("kind", ["memory:", "{here}", "gs://lake", "plain"])
def test_a_part_of_an_object_from_any_store(kind, tmp_path, gcs_env):
    """Bytes are where a file has them."""
    store = open_store("memory:" if kind == "plain" else kind.format(here=tmp_path), {}, gcs_env)
    data = bytes(range(256)) * 1024
    store.put("a", data, {}, if_generation=ABSENT)
    with open_ranges(Plain(store) if kind == "plain" else store, "a", len(data)) as file:
        assert file.read(5) == data[:5]
        assert file.seek(-7, 2) == len(data) - 7
        assert file.read() == data[-7:]
        assert file.seek(100_001) == file.tell() == 100_001
        assert file.read(1_000) == data[100_001:101_001]
        assert (file.read(0), file.seek(0, 2), file.read(9)) == (b"", len(data), b"")
    with pytest.raises(StoreError, match="is gone"):
        open_ranges(Plain(store) if kind == "plain" else store, "b", 5).read()


def test_the_file_is_as_others_see_it(lake, made):
    """Read by row groups or whole, by us or by pyarrow: the same table."""
    assert lake.published().equals(pq.read_table(made / "user_facing_data.parquet"))
