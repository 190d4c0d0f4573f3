"""Versions, pointer and history in a folder: what is kept, repaired, refused and left alone."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import polars as pl
import pytest

from datalake.errors import ConfigError
from datalake.publish import check_output, publish
from datalake.publish.history import read_history, roll_back
from datalake.publish.layout import encode_assets, encode_data
from datalake.publish.place import LocalPlace
from datalake.publish.pointer import Keep
from datalake.publish.target import assets_path

KEEP = Keep()


@pytest.fixture
def folder(output):
    return output.with_name("user_facing_data.published")


@pytest.fixture
def day(made, frame):
    """A candidate as of so many hours later, with a volume of its own."""

    def call(at, **changes):
        rows = frame().with_columns(pl.lit(100.0 + at).alias("market_cap"))
        return made(rows, as_of=made().as_of + timedelta(hours=at), **changes)

    return call


@pytest.fixture
def three(output, day):
    """Three publications."""
    for at in range(3):
        assert publish(day(at), output, force="for the test", run_id=f"run-{at}").new
    return output


def refused(outcome):
    return [check.name for check in outcome.checks if check.level == "refused"]


def back(output, name=None, reason="a test"):
    place = LocalPlace(output)
    return roll_back(place, name, reason, KEEP, lambda: read_history(place).current.published_at)


def resolved(output, kind="user_facing_data"):
    folder = output.with_name("user_facing_data.published")
    told = json.loads((folder / "current.json").read_bytes())
    return (folder / told["files"][kind]["path"]).read_bytes()


def test_each_publication_is_a_version(three, folder, day):
    """Named by instant and content; the pointer has the newest and the history of all."""
    told = json.loads((folder / "current.json").read_bytes())
    assert told["sequence"] == 3
    assert [one["run_id"] for one in told["history"]] == ["run-2", "run-1", "run-0"]
    assert told["version"].startswith("20260302T080000Z-")
    assert resolved(three) == three.read_bytes() == encode_data(day(2))
    assert resolved(three, "user_facing_assets") == assets_path(three).read_bytes()
    assert len(list((folder / "versions").iterdir())) == 3


def test_the_history_tells_what_was_forced(output, made, frame):
    """The reason, where it was needed, and the warnings of each publication."""
    publish(made(frame()), output, force="not needed")
    assert publish(made(frame().head(5)), output, force="fewer on purpose").new
    last, first = read_history(LocalPlace(output)).history
    assert (first.forced, last.forced) == (None, "fewer on purpose")
    assert any("rows" in warning for warning in last.warnings)


def test_the_same_bytes_are_nothing_new(three, folder, day):
    """No version, no number, no write; and the run is told so."""
    before = (folder / "current.json").stat().st_mtime_ns
    outcome = publish(day(2), three)
    assert (outcome.published, outcome.new, outcome.sequence) == (True, False, 3)
    assert (folder / "current.json").stat().st_mtime_ns == before


def test_the_same_instant_with_other_bytes_is_published(three, day):
    """A run that was repaired."""
    other = day(2, mapping_sha256="cd" * 32)
    outcome = publish(other, three, force="for the test")
    assert (outcome.new, outcome.sequence) == (True, 4)


def test_a_rollback_and_what_comes_after(three, day):
    """It raises the sequence and keeps the fence: the late old run and the very version that was
    taken back are refused, the next newer run goes on."""
    pointer, done, _ = back(three)
    assert done
    assert (pointer.current.sequence, pointer.max_as_of) == (4, day(2).as_of)
    assert three.read_bytes() == resolved(three) == encode_data(day(1))
    assert assets_path(three).read_bytes() == encode_assets(day(1))
    assert back(three)[1] is False, "once is enough"
    assert refused(publish(day(0), three, force="for the test")) == ["fence"]
    assert "rollback" in refused(publish(day(2), three))
    assert three.read_bytes() == encode_data(day(1))
    assert publish(day(3), three, force="for the test").sequence == 5
    assert three.read_bytes() == encode_data(day(3))


def test_what_was_rolled_back_can_be_forced(three, day):
    """By somebody who says why."""
    back(three)
    assert publish(day(2), three, force="it was right after all").sequence == 5
    assert publish(day(2), three).new is False


@pytest.mark.parametrize("name", ["1", "20260302T06", "run", "9", "2026"])
def test_a_version_by_name(three, day, name):
    """A number, or enough of its name; anything else is refused with a sentence."""
    if name in ("1", "20260302T06"):
        assert back(three, name)[0].current.as_of == day(0).as_of
        assert back(three, name)[1] is False
    else:
        with pytest.raises(ConfigError, match=r"has no version|may mean several"):
            back(three, name)


@pytest.fixture
def shrinking(output, frame, made):
    """Publishes so many of 400 rows, an hour after the last time."""
    hours = iter(range(1, 99))

    def call(rows, force=None):
        fewer = frame(days=200).group_by("canonical_id").tail(rows // 2)
        sparse = fewer.sort("canonical_id", "date")
        as_of = made().as_of + timedelta(hours=next(hours))
        return publish(made(sparse, as_of=as_of), output, force=force)

    return call


def test_what_is_lost_little_by_little_is_found(shrinking):
    """No step is more than five percent; the third is more than ten in all. A reason makes a new
    level, from which it begins again."""
    assert [shrinking(rows).published for rows in (400, 380, 362)] == [True, True, True]
    last = shrinking(344)
    assert refused(last) == ["little by little"]
    told = str(last.checks)
    assert "344 rows, 400 as of 2026-03-02T07:00:00Z (sequence 1)" in told
    assert "344 values of close" in told
    assert shrinking(344, force="fewer on purpose").new
    assert [shrinking(rows).published for rows in (328, 312, 296)] == [True, True, False]


def test_what_was_taken_back_is_no_level(output, shrinking):
    """More rows than ever, twice, and they were wrong."""
    assert [shrinking(rows).new for rows in (340, 390, 400)] == [True] * 3
    back(output, "1")
    assert shrinking(330).new


def test_the_way_out_where_a_clock_was_a_year_ahead(output, day):
    """What was published for an instant that has not come fences off the present until somebody
    goes back; then today's run is published as ever."""
    assert publish(day(0), output).new
    assert publish(day(365 * 24), output, force="nobody looked").new
    assert refused(publish(day(1), output)) == ["fence"]
    today = day(1).as_of
    pointer, done, _ = roll_back(LocalPlace(output), None, "the clock", KEEP, lambda: today)
    assert done
    assert pointer.max_as_of == day(0).as_of
    assert publish(day(1), output, force="for the test").new


@pytest.mark.parametrize("left", [None, b"", b'{"format": 1'])
def test_a_lost_pointer_is_told_with_the_way_out(three, folder, day, left):
    """Which versions there are, and that a rollback to one of them makes the pointer again."""
    path = folder / "current.json"
    names = [entry.version for entry in read_history(LocalPlace(three)).history]
    path.unlink() if left is None else path.write_bytes(left)
    for ask in (lambda: read_history(LocalPlace(three)), lambda: back(three)):
        with pytest.raises(
            ConfigError, match="is missing" if left is None else "is damaged"
        ) as told:
            ask()
        assert all(name in str(told.value) for name in names)
        assert f"publish rollback {names[0]} --output {three} --reason" in str(told.value)
    pointer, done, _ = roll_back(LocalPlace(three), names[0], "lost", KEEP, lambda: day(3).as_of)
    assert (done, pointer.current.version) == (True, names[0])
    assert [entry.version for entry in read_history(LocalPlace(three)).history] == names
    path.unlink()
    assert roll_back(LocalPlace(three), names[2], "lost", KEEP, lambda: day(3).as_of)[1]
    assert three.read_bytes() == encode_data(day(0))
    assert refused(publish(day(1), three, force="for the test")) == ["fence"]


def test_where_nothing_is_published_nothing_is_made(tmp_path):
    """A typo in --output is told, and leaves no folder."""
    place = LocalPlace(tmp_path / "typo" / "x.parquet")
    for ask in (lambda: read_history(place), lambda: roll_back(place, None, "x", KEEP, None)):
        with pytest.raises(ConfigError, match=r"nothing is published at .*typo"):
            ask()
    assert not list(tmp_path.iterdir())


def test_a_rollback_to_a_damaged_version_is_refused(three, folder, day):
    """What is published stands."""
    first = read_history(LocalPlace(three)).history[-1]
    path = folder / "versions" / first.version / "user_facing_data.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ConfigError, match="is damaged: choose another one"):
        back(three, "1")
    assert three.read_bytes() == encode_data(day(2))


def test_nothing_to_go_back_to(output, day):
    with pytest.raises(ConfigError, match="nothing is published"):
        back(output)
    publish(day(0), output)
    with pytest.raises(ConfigError, match="no earlier version"):
        back(output)


def test_missing_copies_are_made_again(three, day):
    """By the next run, even if it has nothing new to publish; and it says so."""
    three.unlink()
    assets_path(three).write_bytes(b"PAR1 damaged")
    outcome = publish(day(2), three)
    assert outcome.new is False
    (check,) = [check for check in outcome.checks if check.name == "copies"]
    assert check.level == "warning"
    assert three.read_bytes() == encode_data(day(2))
    assert assets_path(three).read_bytes() == encode_assets(day(2))


def test_a_refused_run_repairs_the_copies_too(three, day):
    three.unlink()
    assert "fence" in refused(publish(day(0), three))
    assert three.read_bytes() == encode_data(day(2))


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[1]"[:2], b'{"format": 1}', b"\xff\xfe", b"null"[:3]]
)
def test_a_damaged_pointer_is_made_again(three, folder, day, damage):
    """From the versions: fence, history and numbers go on."""
    (folder / "current.json").write_bytes(damage)
    check_output(three, synthetic=False)
    with pytest.raises(ConfigError, match=r"current\.json is damaged"):
        back(three)
    assert refused(publish(day(1), three)) == ["fence"]
    assert [one.sequence for one in read_history(LocalPlace(three)).history] == [3, 2, 1]
    assert publish(day(3), three, force="for the test").sequence == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows", float("inf")),
        ("bytes", float("inf")),
        ("as_of", "0001-01-01T00:00:00+14:00"),
        ("version", "\ud800"),
        ("warnings", ["\ud800"]),
        ("published_at", "2026-03-01T00:00:00"),
    ],
)
def test_a_pointer_of_impossible_values_is_damaged(three, folder, day, name, value):
    """What reads well and could not be written again."""

    def spoilt(document):
        if isinstance(document, list):
            return [spoilt(one) for one in document]
        if isinstance(document, dict):
            return {key: value if key == name else spoilt(one) for key, one in document.items()}
        return document

    path = folder / "current.json"
    path.write_text(json.dumps(spoilt(json.loads(path.read_text()))))
    with pytest.raises(ConfigError, match=r"current\.json is damaged"):
        back(three)
    assert publish(day(3), three, force="for the test").sequence == 4


@pytest.mark.parametrize("damage", ["pointer", "pointer and versions"])
def test_a_damaged_pointer_does_not_change_what_is_real(three, folder, day, damage):
    """Versions and copies say what they are, not the run that finds them."""
    (folder / "current.json").write_bytes(b"{")
    if "versions" in damage:
        for path in folder.glob("versions/*/user_facing_data.parquet"):
            path.write_bytes(b"")
    before = three.read_bytes()
    with pytest.raises(ConfigError, match="holds real data and this run has synthetic"):
        publish(day(3, synthetic=True), three, force="for the test")
    with pytest.raises(ConfigError, match="holds real data and this run has synthetic"):
        check_output(three, synthetic=True)
    assert three.read_bytes() == before


def test_a_pointer_that_is_gone_is_made_again(three, folder, day):
    """Fence, history and numbers go on."""
    (folder / "current.json").unlink()
    assert refused(publish(day(1), three)) == ["fence"]
    assert [one.sequence for one in read_history(LocalPlace(three)).history] == [3, 2, 1]
    assert publish(day(3), three, force="for the test").sequence == 4


def test_a_version_that_never_was_published_makes_no_pointer(output, folder, day):
    """A first run that was killed between the two."""
    publish(day(1), output)
    for path in (folder / "current.json", output, assets_path(output)):
        path.unlink()
    assert publish(day(0), output).sequence == 1


def test_a_damaged_pointer_does_not_undo_a_rollback(three, folder, day):
    """The copy tells which version was the current one."""
    back(three)
    (folder / "current.json").write_bytes(b"")
    assert publish(day(1), three).new is False
    pointer = read_history(LocalPlace(three))
    assert (pointer.current.as_of, pointer.max_as_of) == (day(1).as_of, day(2).as_of)
    assert three.read_bytes() == encode_data(day(1))


def test_a_damaged_version_is_healed_by_its_copy_or_its_run(three, folder, day):
    """A version whose copy is whole is written again; where both are lost, there is nothing to
    compare with but the version before, and the run says so."""
    current = read_history(LocalPlace(three)).current
    path = folder / "versions" / current.version / "user_facing_data.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    assert "fence" in refused(publish(day(1), three))
    assert path.read_bytes() == whole
    path.write_bytes(b"")
    three.unlink()
    assert publish(day(2), three).new is False
    assert path.read_bytes() == three.read_bytes() == whole
    shutil.rmtree(path.parent)
    three.unlink()
    assert refused(publish(day(3), three)) == ["past values"]
    outcome = publish(day(3), three, force="for the test")
    assert outcome.new
    assert any("has lost its files" in check.detail for check in outcome.checks)


def test_the_version_that_is_lost_leaves_its_copy(three, folder, day):
    """A run that is refused does not touch what is left."""
    shutil.rmtree(folder / "versions")
    before = three.read_bytes()
    assert "fence" in refused(publish(day(1), three))
    assert three.read_bytes() == before


def test_somebody_elses_folder_is_left_alone(output, folder, day):
    """A pointer that we did not write, or that a newer version of the program did."""
    folder.mkdir()
    for content, what in (
        (b'{"mine": 1}', "somebody else's"),
        (b'{"format": 2}', "newer version"),
        (b"my notes", "JSONDecodeError"),
    ):
        (folder / "current.json").write_bytes(content)
        for attempt in (
            lambda: check_output(output, synthetic=False),
            lambda: publish(day(0), output),
        ):
            with pytest.raises(ConfigError, match=f"current.json is taken by .*{what}"):
                attempt()
        assert (folder / "current.json").read_bytes() == content
    assert not output.exists()


def test_foreign_files_in_the_folder_stay(three, folder, day):
    """Only versions of ours are ever removed."""
    notes = folder / "versions" / "notes.txt"
    notes.write_text("mine")
    mine = folder / "versions" / "20200101T000000Z-0123456789abcdef" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    keep = Keep(1, timedelta(0))
    publish(day(3), three, force="x", keep=keep, clock=lambda: day(0).as_of + timedelta(days=400))
    assert notes.exists()
    assert mine.exists()
    versions = [path for path in (folder / "versions").iterdir() if path.is_dir()]
    assert len(versions) == 2, "the current one and the foreign one; no empty folder is left"


def test_a_version_that_a_reader_may_be_on_stays(output, folder, day):
    """However short the history: what was current within the grace is still named and there."""
    now = day(0).as_of
    keep = Keep(1, timedelta(hours=1))
    for at, minutes in ((0, 0), (1, 90), (2, 100)):
        when = now + timedelta(minutes=minutes)
        publish(day(at), output, force="x", keep=keep, clock=lambda when=when: when)
    history = read_history(LocalPlace(output)).history
    assert [one.sequence for one in history] == [3, 2, 1], "the first one was current until 90"
    publish(day(3), output, force="x", keep=keep, clock=lambda: now + timedelta(minutes=155))
    assert [one.sequence for one in read_history(LocalPlace(output)).history] == [4, 3, 2]
    publish(day(4), output, force="x", keep=keep, clock=lambda: now + timedelta(days=400))
    assert [one.sequence for one in read_history(LocalPlace(output)).history] == [5, 4]
    assert len(list((folder / "versions").iterdir())) == 2


def test_files_without_a_pointer_are_adopted(output, folder, day):
    """An output from before there were versions: gated against, and its files are the first one."""
    output.write_bytes(encode_data(day(1)))
    assets_path(output).write_bytes(encode_assets(day(1)))
    check_output(output, synthetic=False)
    assert refused(publish(day(0), output)) == ["fence"]
    assert publish(day(2), output, force="for the test").sequence == 2
    assert back(output)[0].current.run_id is None
    assert output.read_bytes() == encode_data(day(1))


def test_a_data_file_alone_is_compared_with(output, day):
    """Without its assets file it is no version, but nothing older replaces it."""
    output.write_bytes(encode_data(day(1)))
    assert refused(publish(day(0), output)) == ["fence"]
    assert publish(day(2), output, force="for the test").sequence == 1


def test_two_outputs_of_one_folder_have_nothing_to_do_with_each_other(tmp_path, day):
    for name in ("a.parquet", "b.parquet"):
        assert publish(day(0), tmp_path / name).sequence == 1
    assert (tmp_path / "a.published").is_dir()


def test_links_to_one_file_share_its_history(tmp_path, day):
    """The fence holds whichever name a run comes by."""
    real, link = tmp_path / "real.parquet", tmp_path / "link.parquet"
    publish(day(1), real)
    link.symlink_to(real)
    assert refused(publish(day(0), link)) == ["fence"]
