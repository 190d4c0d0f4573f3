"""What may be at an output, and what a run is told before it makes a call."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from datalake.errors import ConfigError, Conflict, StoreError
from datalake.publish import check_output, publish
from datalake.publish.copies import copy
from datalake.publish.layout import encode_data
from datalake.publish.place import LocalPlace, open_place
from datalake.publish.target import assets_path, candidate_path

from .conftest import made as a_candidate


def test_names_of_the_files_beside(tmp_path):
    """The usual name has its usual companion; any other name gets a derived one."""
    assert assets_path(tmp_path / "user_facing_data.parquet").name == "user_facing_assets.parquet"
    assert assets_path(tmp_path / "x.parquet").name == "x.assets.parquet"
    assert assets_path(tmp_path / "x.data").name == "x.data.assets.parquet"
    assert candidate_path(tmp_path / "x.parquet").name == "x.candidate.parquet"


def test_a_free_place_is_fine_and_left_as_it_was(tmp_path):
    """Looking makes neither files nor folders; publishing makes the folders."""
    check_output(tmp_path / "deep" / "er" / "data.parquet", synthetic=False)
    check_output(tmp_path / "data.parquet", synthetic=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("output", ["", "/", "file:///", "results/", "file:results/"])
def test_what_can_only_be_a_folder_is_refused(output):
    """Whether there is such a folder or not."""
    with pytest.raises(ConfigError, match="is a folder: name the file in it"):
        open_place(output, {}, {})


def test_missing_folders_are_made(made, tmp_path):
    """The sandbox's output folder need not exist before its first run."""
    path = tmp_path / "deep" / "er" / "data.parquet"
    assert publish(made(), path).published
    assert path.exists()


def test_a_folder_is_refused_with_a_suggestion(tmp_path):
    """A folder as output says which file could be meant."""
    with pytest.raises(ConfigError, match=r"is a folder: name the file.*user_facing_data\.parquet"):
        check_output(tmp_path, synthetic=False)


def test_a_folder_where_the_report_goes_is_found_before_any_call(tmp_path):
    """What is written last must not be what fails, once all is published."""
    (tmp_path / "x.report.json").mkdir()
    with pytest.raises(ConfigError, match=r"x\.report\.json is taken.*a folder"):
        check_output(tmp_path / "x.parquet", synthetic=False)


@pytest.mark.parametrize(
    "place", ["/proc/data.parquet", "/dev/null/data.parquet", "/dev/null", "/tmp/" + 300 * "x"]
)
def test_places_that_cannot_be_written_are_refused(place, tmp_path):
    """A file system that takes no files, a device, a name that is too long."""
    with pytest.raises(ConfigError, match="output /"):
        check_output(type(tmp_path)(place), synthetic=False)


def sqlite(path):
    with sqlite3.connect(path) as database:
        database.execute("create table t (x)")
    database.close()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: path.write_text("date,close\n2026-01-01,5\n"), "begins with 'date,close'"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00binary"), "binary data"),
        (lambda path: path.write_text("é" * 700), "a text that begins"),
        (lambda path: path.write_bytes(b"PK\x03\x04rest"), "a ZIP archive"),
        (sqlite, "an SQLite database"),
        (lambda path: pl.DataFrame({"a": [1], "b": [2]}).write_parquet(path), "the columns a, b"),
    ],
)
@pytest.mark.parametrize("place", [lambda path: path, assets_path, candidate_path])
def test_what_is_not_ours_is_named_and_left_alone(made, output, make, what, place):
    """Neither the data file nor its companions ever overwrite somebody else's file."""
    make(place(output))
    before = place(output).read_bytes()
    with pytest.raises(ConfigError, match=what):
        check_output(output, synthetic=False)
    with pytest.raises(ConfigError, match=what):
        publish(made(), output)
    assert place(output).read_bytes() == before


def test_an_assets_file_is_not_a_data_file(made, output):
    """The companion of one output is not taken as the output of another run."""
    publish(made(), output)
    with pytest.raises(ConfigError, match="another kind"):
        check_output(assets_path(output), synthetic=False)


def test_an_empty_file_is_free(made, output):
    """A place made by `mktemp` or `touch` holds nothing that could be lost."""
    output.touch()
    check_output(output, synthetic=False)
    assert publish(made(), output).published


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_and_real_data_never_mix(made, output, synthetic):
    """An output stays what it was begun as, even while its data file is damaged or gone."""
    publish(made(synthetic=synthetic), output)
    check_output(output, synthetic=synthetic)
    states = (output.read_bytes(), b"PAR1 damaged", None)
    for data in states:
        output.unlink()
        if data is not None:
            output.write_bytes(data)
        with pytest.raises(ConfigError, match="never mixed"):
            check_output(output, synthetic=not synthetic)
        with pytest.raises(ConfigError, match="never mixed"):
            publish(made(synthetic=not synthetic), output)
        output.touch()


def test_the_name_may_have_signs_that_patterns_mean(made, tmp_path):
    """A bracket or star in a name is a sign like any other."""
    path = tmp_path / "data [1] *.parquet"
    assert publish(made(), path).published
    check_output(path, synthetic=False)


def test_a_link_is_followed(made, tmp_path):
    """The file that a link points to is replaced, and the link stays."""
    link, real = tmp_path / "current.parquet", tmp_path / "real.parquet"
    link.symlink_to(real)
    assert publish(made(), link).published
    assert link.is_symlink()
    assert pl.read_parquet(real).height == 20


def test_permissions(made, output):
    """A new file has the usual permissions, and a published one keeps what it was given."""
    umask = os.umask(0o022)
    try:
        publish(made(), output)
        assert stat.S_IMODE(output.stat().st_mode) == 0o644
        output.chmod(0o664)
        publish(made(), output)
        assert stat.S_IMODE(output.stat().st_mode) == 0o664
    finally:
        os.umask(umask)


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, sys.argv[1])
from conftest import frame, made
from datetime import timedelta
from pathlib import Path
from datalake.errors import StoreError
from datalake.publish import publish
path = Path(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
large = frame(ids=[f"a{at}" for at in range(30)], days=300)
try:
    publish(made(large), path, force="for the test")
except StoreError as error:
    print(error)
outcome = publish(made(large.with_columns(volume=-1.0)), path)
print(outcome.published, outcome.candidate_path, outcome.checks[-1])
"""


def contents(folder):
    """All files in it, but for the locks of a store, which are empty."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size]
    return {path: path.read_bytes() for path in files}


def test_a_disk_without_room_changes_nothing(made, output):
    """A write that fails half-way is an error of ours, and leaves no trace beside the old files."""
    publish(made(), output)
    before = contents(output.parent)
    here = str(Path(__file__).parent)
    run = [sys.executable, "-c", FULL_DISK, here, str(output)]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert "File too large" in printed
    assert "; what was published before stands" in printed
    assert "False None candidate: it could not be kept" in printed
    assert contents(output.parent) == before


def test_a_rollback_whose_copy_has_no_room_says_so(made, frame, output):
    """The pointer moved and the file of the fixed name did not: exit code 3, again and again, until
    there is room."""
    large = frame(ids=[f"a{at}" for at in range(30)], days=300)
    for at in range(2):
        rows = large.with_columns(volume=1.0 + at)
        assert publish(made(rows), output, force="for the test").new
    before = output.read_bytes()
    line = [sys.executable, "-Bm", "datalake", "publish", "rollback", "1"]
    line += ["--reason", "a test", "--output", str(output)]
    tight = ["sh", "-c", 'ulimit -f 20; exec "$@"', "sh", *line]
    for words in ("is published at", "nothing to do"):
        done = subprocess.run(tight, capture_output=True, text=True, check=False)
        assert (done.returncode, output.read_bytes()) == (3, before), done.stderr
        assert words in done.stdout
        assert "could not be written (File too large)" in done.stderr
    assert subprocess.run(line, capture_output=True, check=False).returncode == 0
    assert output.read_bytes() != before


class Contended(LocalPlace):
    """A folder in which somebody else is always first."""

    def write(self, name, data, over):
        raise Conflict(f"{name} was written by somebody else")


def test_a_copy_that_others_keep_writing_is_told(made, output):
    """Giving up is no success."""
    publish(made(), output)
    output.write_bytes(b"")
    (check,) = copy(Contended(output), {})
    assert "may be those of the version before" in check.detail


def test_a_write_that_fails_is_a_store_error(made, tmp_path):
    """Trouble that comes after the check is told in words too."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="could not be written"):
        publish(made(), tmp_path / "file" / "data.parquet")


@pytest.mark.parametrize(
    ("held", "spoilt"),
    [(b"aave", b"\xff\xfe\xfd\xfc"), (b"market_cap", b"market\x08cap")],
    ids=["statistics that are no text", "another name of a column"],
)
def test_a_footer_that_was_damaged_ends_no_run(tmp_path, held, spoilt):
    """Nothing in the file vouches for its footer; without a pointer nobody else does."""
    data = encode_data(a_candidate())
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    output = tmp_path / "data.parquet"
    output.write_bytes(data[:start] + data[start:].replace(held, spoilt, 1))
    outcome = publish(a_candidate(), output, force="for the test")
    assert outcome.published
    assert output.read_bytes() == data
