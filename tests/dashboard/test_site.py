"""The static site: whole, the same where nothing changed, and never in somebody else's folder."""

from __future__ import annotations

import functools
import http.server
import json
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest
from attrs import evolve

from datalake.dashboard.lake import Lake
from datalake.dashboard.shown import look
from datalake.dashboard.site import export
from datalake.dashboard.view import View
from datalake.errors import ConfigError
from datalake.explaining.published import read_file, runs_of
from datalake.plugins import load
from datalake.publish import open_place
from datalake.publish.history import read_history
from datalake.publish.place import LocalPlace
from datalake.stores import open_store
from datalake.stores.local import LocalStore

from .conftest import rows_of, view_of, write


def overview(folder: Path):
    return json.loads((folder / "data/overview.json").read_text(encoding="utf-8"))


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(one.relative_to(folder)): (one.read_bytes(), one.stat().st_mtime_ns)
        for one in folder.rglob("*")
        if one.is_file()
    }


@pytest.fixture(scope="session")
def site(published, tmp_path_factory):
    """The site of what two runs published."""
    page = tmp_path_factory.mktemp("page")
    (page / "index.html").write_text("<!doctype html>", encoding="utf-8")
    folder = tmp_path_factory.mktemp("sites") / "new"
    export(*view_of(published.output).look(), folder, page)
    return folder


def test_all_that_is_known_is_there(site, published):
    """The published files byte for byte, and what the lake knows."""
    told = overview(site)
    files = told["files"]
    assert (told["format"], told["api"], told["trouble"]) == (1, False, [])
    assert (site / files["data"]["path"]).read_bytes() == published.output.read_bytes()
    assert files["data"]["bytes"] == published.output.stat().st_size
    assets = published.output.with_name("user_facing_assets.parquet")
    assert (site / files["assets"]["path"]).read_bytes() == assets.read_bytes()
    runs = json.loads((site / files["runs"]["path"]).read_text(encoding="utf-8"))["runs"]
    assert runs[0]["run_id"] == told["run"]["run_id"] == told["last_run"]["run_id"]
    assert (len(runs), runs[0]["status"], runs[0]["assets"]) == (2, "published", 6)
    gate = runs[0]["gate"]
    assert gate["checks"] == gate["passed"] > 10
    assert runs[0]["providers"]["coingecko"]["calls"] > 0
    for one in told["assets"]:
        assert (site / files["details"] / one["file"]).is_file()


def test_what_was_published_before(site, published):
    """The history, and what the last publication changed."""
    told = overview(site)["published"]
    pointer = read_history(LocalPlace(published.output))
    assert [one["version"] for one in told["history"]] == [one.version for one in pointer.history]
    changes = told["changes"]
    assert (changes["from"], changes["to"]) == tuple(
        one.version for one in reversed(pointer.history)
    )
    new = next(one for one in changes["totals"] if one["why"] == "new_day")
    assert new["assets"] == 6
    assert new["meaning"] == "a day that was not over yet"
    assert all(one["why"] != "new_day" for one in changes["largest"])


def test_the_same_again_changes_nothing(site, published, tmp_path):
    before = tree(site)
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html>", encoding="utf-8")
    export(*view_of(published.output).look(), site, page)
    assert tree(site) == before


def test_a_page_that_is_open_goes_on(tmp_path, page):
    """What it began to read stays for one more export, and no longer."""
    folder, path = tmp_path / "site", tmp_path / "x.parquet"
    seen = []
    for price in (1.0, 2.0, 3.0):
        write(path, rows_of(bitcoin={"close": [price]}))
        export(look(LocalPlace(path)), Lake(), folder, page)
        seen.append(folder / overview(folder)["files"]["data"]["path"])
        assert seen[-1].read_bytes() == path.read_bytes()
        (folder / "data/mine").mkdir(exist_ok=True)
    assert [one.exists() for one in seen] == [False, True, True]
    assert (folder / "data/mine").is_dir()


@pytest.mark.parametrize("what", ["a file", "a folder of somebody's", "a parquet file beside"])
def test_somebody_elses_folder(tmp_path, page, what):
    """Nothing is written into it."""
    folder, path = tmp_path / "site", write(tmp_path / "x.parquet", rows_of(a={"close": [1.0]}))
    if what == "a file":
        folder.write_text("mine", encoding="utf-8")
    else:
        folder.mkdir()
        (folder / ("mine" if "folder" in what else "x.parquet")).touch()
    with pytest.raises(ConfigError, match="choose an"):
        export(look(LocalPlace(path)), Lake(), folder, page)
    assert folder.is_file() or len(list(folder.iterdir())) == 1


def test_an_export_that_was_killed_leaves_no_litter(tmp_path, page):
    """The next one clears up, and takes the folder for its own."""
    folder, path = tmp_path / "site", write(tmp_path / "x.parquet", rows_of(a={"close": [1.0]}))
    (folder / "data/.new-1234").mkdir(parents=True)
    (folder / "about.txt").touch()
    export(look(LocalPlace(path)), Lake(), folder, page)
    assert not (folder / "data/.new-1234").exists()


HOSTILE = [
    "../../etc/passwd",
    "<img src=x onerror=alert(1)>",
    "..",
    "a/b%2F",
    "BTC",
    "btc",
    "é" * 90,
]


def test_hostile_names_stay_in_the_folder(tmp_path, page, published):
    """Each asset has a file of its own, whatever it is called, and a server finds it."""
    prices = {name: {"close": [float(number)]} for number, name in enumerate(HOSTILE)}
    path = write(tmp_path / "x.parquet", rows_of(**prices))
    shown = look(LocalPlace(path))
    folder = tmp_path / "a/b/site"
    export(shown, Lake(), folder, page)
    told = overview(folder)
    names = {one["id"]: one["file"] for one in told["assets"]}
    assert set(names) == set(HOSTILE)
    assert len({name.lower() for name in names.values()}) == len(HOSTILE)
    assert not any(set("/\\<>:") & set(name) or len(name) > 250 for name in names.values())
    details = folder / "details"
    details.mkdir()
    for name in names.values():
        (details / name).write_text(name, encoding="utf-8")
    with plain_server(folder) as url:
        for name in names.values():
            assert get(f"{url}/details/{quote(name, safe='')}").decode() == name


class plain_server:  # noqa: N801  # used like a function
    """Python's own file server, which knows no ranges."""

    def __init__(self, folder: Path) -> None:
        quiet = type(
            "Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: 0}
        )
        handler = functools.partial(quiet, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read()


def test_a_plain_file_server_will_do(site):
    """All that the overview names is found from where the page is."""
    with plain_server(site) as url:
        told = json.loads(get(f"{url}/data/overview.json"))
        assert get(f"{url}/{told['files']['data']['path']}")[-4:] == b"PAR1"
        for one in told["assets"]:
            found = json.loads(
                get(f"{url}/{told['files']['details']}{quote(one['file'], safe='')}")
            )
            assert found["id"] == one["id"]


def test_a_bucket_will_do(site, gcs, gcs_env, monkeypatch):
    """Uploaded as it is, by ranges as well."""
    for name, value in gcs_env.items():
        monkeypatch.setenv(name, value)
    from google.cloud import storage

    bucket = storage.Client(project="test", client_options={"api_endpoint": gcs.url}).bucket("lake")
    for one in site.rglob("*"):
        if one.is_file():
            blob = bucket.blob(f"site/{one.relative_to(site).as_posix()}")
            blob.upload_from_filename(str(one))
    told = json.loads(bucket.blob("site/data/overview.json").download_as_bytes())
    data = bucket.blob(f"site/{told['files']['data']['path']}")
    assert data.download_as_bytes(start=told["files"]["data"]["bytes"] - 4) == b"PAR1"


def test_a_file_in_a_bucket(published, gcs, gcs_env, tmp_path, page):
    """`--input gs://…` shows the same; the history that is not there is missed in a sentence."""
    registry = load()
    place = open_place("gs://lake/out/user_facing_data.parquet", registry.stores, gcs_env)
    place.write(place.name, published.output.read_bytes(), place.state(place.name))
    view = View(place, None, registry, lambda _: open_store(str(tmp_path / "none"), {}))
    export(*view.look(), tmp_path / "site", page)
    told = overview(tmp_path / "site")
    assert told["rows"] > 300
    assert told["published"] is None
    assert told["files"]["runs"] is told["files"]["details"] is None
    assert len(told["trouble"]) == 4
    assert all("\n" not in one for one in told["trouble"])


def test_a_lake_that_knows_nothing_of_the_file(published, publish, tmp_path, page):
    """Its runs are not shown as if they had made it, unless the user names it."""
    other = publish(tmp_path / "other", top=1)
    alone = tmp_path / "alone.parquet"
    alone.write_bytes(published.output.read_bytes())
    guessed = evolve(view_of(alone), open_lake=lambda _: open_store(str(other.lake), {}))
    _, lake = guessed.look()
    assert lake.reports is None
    _, lake = evolve(guessed, cache=str(other.lake)).look()
    assert len(lake.reports or ()) == 2
    assert lake.inquiry is None
    _, lake = evolve(guessed, open_lake=lambda _: open_store(str(published.lake), {})).look()
    assert lake.inquiry
    assert lake.trouble == []


def test_only_runs_of_the_files_instant_are_looked_through(published, tmp_path):
    """A lake may keep thousands of reports, and a copied file says which instant it stands for."""
    alone = tmp_path / "alone.parquet"
    alone.write_bytes(published.output.read_bytes())
    reads: list[str] = []

    class Watched(LocalStore):
        def get(self, key, *, known=None):
            reads.append(key)
            return super().get(key, known=known)

    file = read_file(LocalPlace(alone))
    assert len(list(runs_of(file, Watched(published.lake)))) == 1
    assert len([key for key in reads if key.startswith("runs/")]) == 1
