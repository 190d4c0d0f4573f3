"""The conformance suite is worth something only if stores that break a promise fail it."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from datalake.errors import DatalakeError
from datalake.testing import StoreTests

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("broken", HERE / "broken.py")
broken = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(broken)


def failures(suite, tmp_path):
    """The names of the tests that this store fails."""
    failed = []
    for name in [name for name in dir(suite) if name.startswith("test_")]:
        place = tmp_path / name
        place.mkdir()
        try:
            getattr(suite, name)(place)
        except (AssertionError, DatalakeError, KeyError, RuntimeError):
            failed.append(name)
        except BaseException as skipped:
            if type(skipped).__name__ != "SkipTest":
                raise
    return failed


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (broken.Unconditional, "test_create_only_if_absent"),
        (broken.ContentGenerations, "test_every_write_is_a_new_generation"),
        (broken.NoMetadata, "test_what_is_put_is_there"),
        (broken.Mixed, "test_a_listing_may_be_out_of_date"),
        (broken.EmptyIsMissing, "test_nothing_is_not_empty"),
        (broken.Unsorted, "test_list"),
        (broken.FolderPrefix, "test_list"),
        (broken.ForgetfulList, "test_list"),
        (broken.CarelessDelete, "test_delete"),
        (broken.CaseBlind, "test_keys_stay_apart"),
    ],
)
def test_a_broken_store_is_found_out(kind, test, tmp_path):
    """Each store with one fault fails the test of that promise."""

    class Suite(StoreTests):
        shared = False

        def open(self, place):
            return kind()

        def peek(self, store, key):
            found = store._objects.get(key)
            return found[0].data if found else None

    assert test in failures(Suite(), tmp_path)


def test_the_race_catches_check_then_write(tmp_path, monkeypatch):
    """Positive control: processes that check first and write later lose counts in the race."""

    class Suite(StoreTests):
        opener = "broken:open_naive"

        def url(self, place):
            return f"file://{place}"

        def peek(self, store, key):
            path = Path(store.root, key)
            return path.read_bytes() if path.exists() else None

    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    monkeypatch.setitem(sys.modules, "broken", broken)
    for attempt in range(5):
        place = tmp_path / str(attempt)
        place.mkdir()
        try:
            Suite().test_processes_lose_nothing(place)
        except AssertionError:
            return
    pytest.fail("five races of a naive store lost nothing: the race proves nothing")
