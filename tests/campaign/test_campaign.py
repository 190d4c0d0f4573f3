"""The quick rows of the campaign; the page's table; and that damage would not go unseen."""

from __future__ import annotations

import pytest

from .command import beginnings
from .kills import IN_FLIGHT, MORE, kill_runs
from .lab import begin
from .page import PAGE, table, told, write
from .rows import ROWS, Outcome, Row, play

QUICK = [row for row in ROWS if row.quick]
SLOW = [row for row in ROWS if not row.quick]


def named(row):
    return f"{row.over}: {row.fault}"


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    """Yesterday's runs, over a folder and over a bucket."""
    return beginnings(ROWS, tmp_path_factory.mktemp("begun"))


@pytest.mark.parametrize(
    "row", [*QUICK, *(pytest.param(row, marks=pytest.mark.slow) for row in SLOW)], ids=named
)
def test_a_fault_ends_as_it_must(begun, row):
    """Exit code, what is published, no traceback, no value lost, no key; the next run heals."""
    outcome = play(row, begun[row.over])
    if outcome.absent:
        pytest.skip(outcome.absent)
    assert outcome.amiss == ()


def test_the_page_tells_of_the_rows():
    """Each of the campaign and none that is gone, as it must end; `--page` writes what did."""
    page = told(PAGE.read_text(encoding="utf-8"))
    lines = {key: [cell.strip() for cell in one.split("|")[3:6]] for key, one in page.items()}
    expected = {
        (row.kind, row.fault): [row.expected, str(row.code), f"{row.left}, whole"] for row in ROWS
    }
    assert list(lines) == list(expected), "python tests/campaign --only … --page"
    assert lines == expected


def test_rows_are_written_among_those_of_before(tmp_path):
    """A row that is measured takes its own line's place, and one that is gone leaves the page."""
    first, second = (Row("disk", fault, 0, "old", "x", "local", _tampers) for fault in "ab")
    page = tmp_path / "page.md"
    page.write_text("# Before\n\n" + table([]) + "\nAfter\n")
    write([Outcome(second, 0, "old")], page, [first, second])
    write([Outcome(first, 0, "old"), Outcome(second, 4, "new")], page, [first, second])
    assert (
        page.read_text()
        == "# Before\n\n"
        + table([Outcome(first, 0, "old"), Outcome(second, 4, "new")])
        + "\nAfter\n"
    )
    write([], page, [second])
    assert list(told(page.read_text())) == [("disk", "b")]


def test_no_row_is_there_twice():
    """Each fault has a name of its own."""
    assert len({(row.kind, row.fault) for row in ROWS}) == len(ROWS) >= 35


def _tampers(lab):
    """A run after which something is amiss of each kind that there is."""
    done = lab.run()
    lab.spoil("out/x.parquet", lambda data: data)
    for path in lab.series():
        (lab.folder / path).unlink()
    version = max(path for path in lab.paths() if path.endswith("user_facing_data.parquet"))
    lab.spoil(version, lambda data: data[:-1])
    (lab.folder / "notes.txt").write_text(lab.variables["LUNARCRUSH_API_KEY"])
    yield done


def test_what_is_amiss_is_seen(begun):
    """The control: a wrong code, a damaged version, lost values, a key in a file."""
    row = Row("store", "somebody tampers", 3, "old", "", "local", _tampers)
    amiss = " · ".join(play(row, begun["local"]).amiss)
    for sign in ("exit 0", "left damaged", "user_facing_data of version", "values lost", "keys"):
        assert sign in amiss, amiss


@pytest.mark.parametrize("kind", ["local", "bucket"])
@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(3600)
def test_killed_at_random_instants(tmp_path, kind, kills):
    """Old or new, whole; the next run needs no hand; at most what was in flight is asked again."""
    beginning = begin(kind, tmp_path / "begun", *(MORE if kills > 3 else ()))
    toll = kill_runs(beginning, kills, seed=20260315)
    assert toll.wrong == []
    assert toll.kills >= kills
    assert toll.most_repeated <= IN_FLIGHT
