"""`datalake cache` as a person types it, on a lake that a run has made."""

from __future__ import annotations

import json
import shutil

import pytest

from .conftest import TINY, Line, session

LAKE = ["--cache", "lake"]
#: An asset without variants: two series in all.
RUN = ["figure-heloc" if word == "dogecoin" else word for word in TINY]
OBJECT = "series/v1/provider=coingecko/dataset=market/asset=figure-heloc/series.parquet"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a lake of one asset, made by a run."""
    folder = tmp_path_factory.mktemp("lakes")
    done = session(folder, {"made": Line([*RUN, *LAKE, "--output", "x.parquet"])})
    assert done["made"].code == 0, done["made"].err
    return folder / "made"


@pytest.fixture
def on_lake(place, tmp_path):
    """Run command lines, each on a copy of that lake; returns how each ended."""

    def call(*lines):
        shutil.copytree(place / "lake", tmp_path / "lake")
        asked = {"here": Line([])}
        (tmp_path / "one").mkdir()
        asked = {f"line-{number}": Line(line) for number, line in enumerate(lines)}
        for line in asked.values():
            line.args[:] = [
                str(tmp_path / "lake") if word == "lake" else word for word in line.args
            ]
        return list(session(tmp_path / "one", asked).values())

    return call


def test_stats(on_lake):
    """By dataset, with the calls that the run's report tells."""
    table, form = on_lake(["cache", "stats", *LAKE], ["cache", "stats", *LAKE, "--format", "json"])
    assert (table.code, form.code) == (0, 0)
    assert "coingecko" in table.out
    assert "calls made" in table.out
    told = json.loads(form.out)
    market = next(one for one in told["datasets"] if one["dataset"] == "market")
    assert (market["series"], market["through"]) == (1, "2026-03-14")
    assert told["calls_made"] == 3
    assert told["calls_saved"] == 0
    assert told["others"]["universes"]["objects"] == 1


def test_ls(on_lake):
    """All, by pattern, and none."""
    every, some, none, form = on_lake(
        ["cache", "ls", *LAKE],
        ["cache", "ls", "*.market/figure*", *LAKE],
        ["cache", "ls", "lunarcrush.*", *LAKE],
        ["cache", "ls", *LAKE, "--format", "json"],
    )
    assert every.out.count("figure-heloc") == 2
    assert some.out.count("figure-heloc") == 1
    assert "figure-heloc" not in none.out
    rows = {row["series"]: row for row in json.loads(form.out)}
    assert rows["coingecko.market/figure-heloc"]["last_day"] == "2026-03-14"
    assert rows["coingecko.market/figure-heloc"]["writer"].startswith("crypto-datalake/")


def test_show(on_lake):
    """By name and by object, and what a misspelt name is told."""
    named, keyed, wrong, nameless, unknown = on_lake(
        ["cache", "show", "coingecko.market/figure-heloc", *LAKE],
        ["cache", "show", OBJECT, *LAKE, "--format", "json"],
        ["cache", "show", "coingecko.market/figure-helok", *LAKE],
        ["cache", "show", "figure-heloc", *LAKE],
        ["cache", "show", "coingecko.markets/figure-heloc", *LAKE],
    )
    assert "complete_through" in named.out
    told = json.loads(keyed.out)
    assert told["state"] == "whole"
    assert told["last_rows"][-1]["date"] == "2026-03-14"
    assert told["native_id"] == "figure-heloc"
    assert told["revisions"] == []
    assert [one.code for one in (wrong, nameless, unknown)] == [2, 2, 2]
    assert "did you mean 'figure-heloc'" in wrong.err
    assert "provider.dataset/asset" in nameless.err
    assert "did you mean 'coingecko.market'" in unknown.err


def test_why(on_lake):
    """A series that is older than yesterday, and one that is not there."""
    short, absent, wrong, apart = (
        done
        for done in on_lake(
            ["cache", "why", "figure-heloc", "coingecko.market", *LAKE, "--format", "json"],
            ["cache", "why", "ripple", "coingecko.market", *LAKE],
            ["cache", "why", "ripple", "acme.market", *LAKE],
            ["cache", "why", "ripple", "coingecko.ohlc", *LAKE],
        )
    )
    told = json.loads(short.out)
    assert told["hit"] is False
    assert told["reason"] == "cached are 2026-02-26 to 2026-03-14"
    assert told["plan"] == "keyless"
    assert "not in the cache" in absent.out
    assert wrong.code == 2
    assert "coingecko.ohlc_4h/ripple" in apart.out  # where the keyless plan has its candles


def damage(place, data=b"PAR1 nonsense PAR1"):
    (place / OBJECT).write_bytes(data)


def test_verify_and_repair(place, tmp_path):
    """Damage is named with its reason; repaired, the object is gone and nothing else is."""
    shutil.copytree(place / "lake", tmp_path / "lake")
    lake = ["--cache", str(tmp_path / "lake")]
    (tmp_path / "lake/series/notes.txt").write_text("mine")
    damage(tmp_path / "lake")
    found, repaired, after = session(
        tmp_path,
        {
            "a": Line(["cache", "verify", *lake]),
            "b": Line(["cache", "verify", "--repair", *lake, "--format", "json"]),
            "c": Line(["cache", "verify", *lake]),
        },
    ).values()
    assert (found.code, repaired.code, after.code) == (3, 0, 0)
    assert "asset=figure-heloc" in found.out
    assert "sha256 is not known" in found.out
    assert "1 cannot be used" in found.out
    assert [one["repaired"] for one in json.loads(repaired.out)["faults"]] == [False, True]
    assert not (tmp_path / "lake" / OBJECT).exists()
    assert (tmp_path / "lake/series/notes.txt").read_text() == "mine"


def test_prune(on_lake):
    """Only what was said, only after it was said; without --dry-run it is done."""
    nothing, dry, young, old, after = on_lake(
        ["cache", "prune", *LAKE],
        ["cache", "prune", "--older", "1d", "--dry-run", *LAKE],
        ["cache", "prune", "--older", "9000w", *LAKE],
        ["cache", "prune", "--older", "1d", *LAKE, "--format", "json"],
        ["cache", "ls", *LAKE, "--format", "json"],
    )
    assert nothing.code == 2
    assert "--older AGE, --orphans" in nothing.err
    assert "2 objects" in dry.out
    assert "would be removed" in dry.out
    assert "0 objects" in young.out
    assert [one["error"] for one in json.loads(old.out)] == [None, None]
    assert json.loads(after.out) == []


def test_orphans(on_lake):
    """Without its plugin a dataset is nobody's; what is whole and offered stays."""
    kept, orphans = on_lake(
        ["cache", "prune", "--orphans", "--dry-run", *LAKE],
        ["cache", "prune", "--orphans", "--dry-run", "--plugins", "defillama", *LAKE],
    )
    assert "0 objects" in kept.out
    assert "no installed plugin offers coingecko.market" in " ".join(orphans.out.split())


def test_export_and_import(place, tmp_path):
    """There and back, twice: the same bytes, and nothing is added the second time."""
    shutil.copytree(place / "lake", tmp_path / "lake")
    lake, file = str(tmp_path / "lake"), str(tmp_path / "lake.tar")
    new, file2 = str(tmp_path / "new"), str(tmp_path / "again.tar")
    out, once, twice, back, cut, other = session(
        tmp_path,
        {
            "a": Line(["cache", "export", file, "--cache", lake]),
            "b": Line(["cache", "import", file, "--cache", new, "--format", "json"]),
            "c": Line(["cache", "import", file, "--cache", new]),
            "d": Line(["cache", "export", file2, "--cache", new]),
            "e": Line(["cache", "import", str(tmp_path / "missing.tar"), "--cache", new]),
            "f": Line(
                ["cache", "export", str(tmp_path / "x.tar"), "--cache", str(tmp_path / "no")]
            ),
        },
    ).values()
    assert [one.code for one in (out, once, twice, back, cut, other)] == [0, 0, 0, 0, 2, 2]
    assert json.loads(once.out) == {"added": 6, "refused": []}
    assert "0 added" in twice.out
    assert (tmp_path / "lake.tar").read_bytes() == (tmp_path / "again.tar").read_bytes()
    assert "nothing to export" in other.err


def test_on_a_bucket(place, gcs, gcs_env, tmp_path):
    """A lake is seeded from a file; the commands work there; a missing bucket is one sentence."""
    shutil.copytree(place / "lake", tmp_path / "lake")
    file = str(tmp_path / "lake.tar")
    bucket = ["--cache", "gs://lake/p"]
    done = session(
        tmp_path,
        {
            "a": Line(["cache", "export", file, "--cache", str(tmp_path / "lake")]),
            "b": Line(["cache", "import", file, *bucket], env=gcs_env),
            "c": Line(["cache", "verify", *bucket], env=gcs_env),
            "d": Line(
                ["cache", "stats", "--format", "json"], env={**gcs_env, "GCP_BUCKET_NAME": "lake"}
            ),
            "e": Line(["cache", "ls", *bucket, "--format", "json"], env=gcs_env),
            "f": Line(["cache", "stats", "--cache", "gs://nowhere"], env=gcs_env),
        },
    )
    codes = {name: one.code for name, one in done.items()}
    assert codes == {**dict.fromkeys("abcde", 0), "f": 2}, done
    assert len(json.loads(done["e"].out)) == 2
    assert "gcloud storage buckets create gs://nowhere" in done["f"].err
    assert json.loads(done["d"].out)["url"] == "gs://lake"


def test_an_empty_cache(tmp_path):
    """Nothing is there, which is no error; nothing comes into being by looking."""
    lines = {
        name: Line(["cache", name, "--cache", "nothing"]) for name in ("stats", "ls", "verify")
    }
    assert [one.code for one in session(tmp_path, lines).values()] == [0, 0, 0]
    assert not (tmp_path / "stats" / "nothing").exists()
