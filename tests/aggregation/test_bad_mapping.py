"""Mistakes in a mapping file: each is told with its file and line, and what to do about it."""

from __future__ import annotations

import os
import time

import pytest

from datalake_aggregation import MappingError, load_mapping, parse_mapping

CLOSE = "version: 1\ncolumns:\n  close: {source: a.b.c, from: native}\n"
SUN = CLOSE + "assets: {sun: {wrapped: [wsun]}}\noverrides:\n  sun:\n"


def problems(text, over=None):
    """Return the problems of a text, as a user's file named mine.yaml."""
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, "mine.yaml", over, reducers={"spread": lambda rows, column: rows})
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        # the file as a whole
        ("", 1, "the version is missing; begin with 'version: 1'"),
        ("- version", 1, "begins with keys"),
        ("version: 2", 1, "this version is not known; write version: 1"),
        ("version: one", 1, "a whole number such as 3 is expected"),
        ("version: 1\nasets: {}", 2, 'unknown key "asets"; did you mean "assets"?'),
        ("version: 1\nassets:\n", 2, "assets holds keys with values"),
        ("version: 1\ncolumns: [close]", 2, "columns holds keys with values"),
        # YAML
        ("version: 1\nassets:\n\tsun: {}", 3, "a tab stands here; YAML wants spaces"),
        ("version: 1\nassets: {sun: [a}", 2, "this is not YAML"),
        ("version: 1\nassets: 'sun\n\n", 4, "(begun in line 2); correct it"),
        ("version: 1\nmerge: &m [wrapped]", 2, "anchors are not allowed; remove &m"),
        ("version: 1\nmerge: *m", 2, "aliases are not allowed; write out what *m stands for"),
        ("version: 1\nmerge: !!python/name:os.system x", 2, "tags are not allowed"),
        ("version: 1\nassets:\n  <<: {sun: {}}", 3, "merge keys (<<) are not allowed"),
        ("version: 1\nassets:\n  ? [sun]\n  : {}", 3, "a key must be a word"),
        ("version: 1\n---\nversion: 1", 2, "a second document begins here"),
        ("version: 1\nassets: " + "[" * 50 + "]" * 50, 2, "more than 12 levels"),
        ("version: 1\n\n# \x00", 3, "a control character stands here"),
        ("version: 1\nversion: 1", 2, '"version" is here twice, first in line 1; join the two'),
        # merge and guard
        ("version: 1\nmerge: [wraped]", 2, 'unknown kind "wraped"; did you mean "wrapped"?'),
        ("version: 1\nmerge: [wrapped, staked]", 2, "never folded; remove the word"),
        ("version: 1\nmerge: wrapped", 2, "a list is expected here"),
        ("version: 1\nmerge: []", 2, "the list is empty"),
        ("version: 1\nguard: {tolerance: five}", 2, "a number such as 0.05 is expected"),
        ("version: 1\nguard:\n  tolerance: 0", 3, "the tolerance must be above 0"),
        ("version: 1\nguard:\n  tolerance: .nan", 3, "a number such as 0.05 is expected"),
        ("version: 1\nguard:\n  tolerance: {wraped: 0.1}", 3, 'unknown kind "wraped"; did you'),
        ("version: 1\nguard:\n  tolerance: {wrapped: no}", 3, "a number such as 0.05 is expected"),
        ("version: 1\nguard:\n  tolerance:\n    wrapped: -1", 4, "the tolerance must be above 0"),
        ("version: 1\nguard:\n  tolerance: {staked: 1}", 3, "need no guard; remove the word"),
        ("version: 1\nguard:\n  days: 0", 3, "days must be 1 or more"),
        ("version: 1\nguard: {day: 3}", 2, 'unknown key "day"; did you mean "days"?'),
        ("version: 1\nguard: 3", 2, "keys with values are expected here"),
        # columns
        ("version: 1\ncolumns:\n  c: {source: a.b.c}", 3, "the rule is missing"),
        ("version: 1\ncolumns:\n  c: {from: native}", 3, "the source is missing"),
        ("version: 1\ncolumns:\n  c: {source: a.b, from: native}", 3, '"a.b" is not a source'),
        ("version: 1\ncolumns:\n  c: {source: [], from: native}", 3, "the list is empty"),
        (
            "version: 1\ncolumns:\n  c:\n    source: a.b.c\n    from: nativ",
            *(5, 'unknown rule word "nativ" after from; did you mean "native"?'),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, sum: member}",
            *(3, 'unknown rule word "member" after sum; did you mean "members"?'),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, from: native, else: biggest-volume}",
            *(3, 'did you mean "largest-volume"?'),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, from: native, plus: [migrated, staked]}",
            *(3, 'unknown rule word "staked" after plus'),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, form: native}",
            *(3, 'unknown key "form"; did you mean "from"?'),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, from: native, sum: members}",
            *(3, "from and sum contradict each other; keep one of them"),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, from: native, else: largest-volume,"
            " plus: wrapped}",
            *(3, "contradict each other"),
        ),
        ("version: 1\ncolumns:\n  date: {source: a.b.c, from: native}", 3, "is a key column"),
        ("version: 1\ncolumns:\n  My Col: {source: a.b.c, from: native}", 3, "not a column name"),
        # the other rules
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, max: member}",
            *(3, 'unknown rule word "member" after max; did you mean "members"?'),
        ),
        ("version: 1\ncolumns:\n  c: {source: a.b.c, mean: members}", 3, "weight is missing; add"),
        (
            CLOSE + "  c: {source: a.b.c, mean: members, weight: closs}",
            *(4, 'no column "closs" to weigh by; did you mean "close"?'),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, mean: members, weight: c}",
            *(3, "c cannot be weighted by itself; name another column"),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, max: members, weight: volume}",
            *(3, "weight belongs to mean, not to max; remove it"),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, sum: members, else: largest-volume}",
            *(3, "else belongs to from, not to sum; remove it"),
        ),
        (
            "version: 1\ncolumns:\n  c: {source: a.b.c, max: members, sum: members}",
            *(3, "sum and max contradict each other; keep one of them"),
        ),
        (
            "version: 1\ncolumns:\n  c:\n    source: a.b.c\n    reduce: sprad\n    of: members",
            *(5, 'there is no reducer "sprad"; did you mean "spread"?'),
        ),
        ("version: 1\ncolumns:\n  c: {source: a.b.c, reduce: spread}", 3, "of is missing; add of"),
        # overrides
        ("version: 1\noverrides: [sun]", 2, "overrides holds keys with values"),
        ("version: 1\noverrides:\n  sun: close", 3, "keys with values are expected here"),
        (SUN + "    close: native", 7, "a rule or a list of rules is expected here"),
        (SUN + "    close: []", 7, "a rule or a list of rules is expected here"),
        (SUN + "    close: [native]", 7, "keys with values are expected here"),
        (SUN + "    close: {since: 2024-01-01}", 7, "the rule is missing"),
        (SUN + "    close: {form: native}", 7, 'unknown key "form"; did you mean "from"?'),
        (SUN + "    close: {sum: members, source: a.b.c}", 7, 'unknown key "source"; use one of'),
        (SUN + "    closs: {sum: members}", 7, 'no column "closs"; did you mean "close"?'),
        (SUN + "    close: {sum: members, since: 2024-1-1}", 7, "a day such as 2024-09-04 is exp"),
        (SUN + "    close: {sum: members, since: 2024-02-30}", 7, "a day such as 2024-09-04 is"),
        (SUN + "    close: {sum: members, since: 2024}", 7, "a day such as 2024-09-04 is expected"),
        (SUN + "    close: {sum: members, until: [2024-01-01]}", 7, "a day such as 2024-09-04 is"),
        (
            SUN
            + "    close:\n      sum: members\n      since: 2024-02-01\n      until: 2024-01-31",
            *(10, "it ends (2024-01-31) before it begins (2024-02-01); exchange the two days"),
        ),
        (
            SUN + "    close:\n      - {sum: members, since: 2024-02-01}\n"
            "      - {max: members, until: 2024-02-01}",
            *(8, "its days overlap with those of the rule in mine.yaml:9; part the two"),
        ),
        (SUN + "    close: [{sum: members}, {max: members}]", 7, "its days overlap"),
        (
            CLOSE
            + "assets:\n  sun: {wrapped: [wsun]}\noverrides:\n  wsun: {close: {sum: members}}",
            *(7, '"wsun" is folded into sun; write the rule for sun'),
        ),
        (
            CLOSE
            + "assets:\n  sun: {wrapped: [wsun]}\noverrides:\n  sunn: {close: {sum: members}}",
            *(7, 'a rule of its own changes nothing; did you mean "sun"?'),
        ),
        (
            CLOSE + "assets:\n  sun: {staked: [ssun]}\noverrides:\n  sun: {close: {sum: members}}",
            *(7, '"sun" has no variants, so that a rule of its own changes nothing; remove it'),
        ),
        # assets
        ("version: 1\nassets:\n  sun: {wraped: [a]}", 3, 'unknown kind "wraped"; did you mean'),
        ("version: 1\nassets:\n  sun: {wrapped: []}", 3, "the list is empty; name at least one"),
        ("version: 1\nassets:\n  sun: {wrapped: a}", 3, "a list is expected here"),
        ("version: 1\nassets:\n  sun: [a]", 3, "keys with values are expected here"),
        ("version: 1\nassets:\n  404: {wrapped: [a]}", 3, 'put quotes round it: "404"'),
        ("version: 1\nassets:\n  sun:\n    wrapped:\n      - a\n      - 404", 6, '"404"'),
        ("version: 1\nassets:\n  sun: {wrapped: [no]}", 3, '"no" is read as bool by YAML'),
        ("version: 1\nassets:\n  sun: {wrapped: [1_000]}", 3, '"1_000" is read as int'),
        ("version: 1\nassets:\n  sun: {wrapped: [12:30:45]}", 3, "put quotes round it"),
        ("version: 1\nassets:\n  sun: {wrapped: [a b]}", 3, "has a space in it"),
        ("version: 1\nassets:\n  sun: {wrapped: [null]}", 3, "nothing stands here"),
        ("version: 1\nassets:\n  sun: {wrapped: [[a]]}", 3, "a single value is expected here"),
        (
            "version: 1\nassets:\n  sun: {wrapped: [a]}\n  moon: {bridged: [a]}",
            *(4, '"a" is listed twice, first under sun (mine.yaml:3); keep one'),
        ),
        ("version: 1\nassets:\n  sun: {wrapped: [a], staked: [a]}", 3, '"a" is listed twice'),
        ("version: 1\nassets:\n  sun: {wrapped: [sun]}", 3, '"sun" is listed as a variant of its'),
        (
            "version: 1\nassets:\n  sun: {wrapped: [moon]}\n  moon: {wrapped: [sun]}",
            *(3, "cycle: moon is a variant of sun is a variant of moon; decide which"),
        ),
        (
            "version: 1\nassets:\n  sun: {wrapped: [moon]}\n  moon: {wrapped: [a]}",
            *(3, '"moon" is a variant of sun here but has variants of its own'),
        ),
        # alone
        (
            "version: 1\nassets: {sun: {wrapped: [a]}}\nalone:\n  it grows:\n    - b\n    - a",
            *(6, '"a" is folded into sun (mine.yaml:2) and cannot be an asset of its own, too'),
        ),
        # native ids
        ("version: 1\nnative_ids: {lunarcrush: {sun: 1}}", 2, '"lunarcrush" is not a dataset'),
        ("version: 1\nnative_ids: {a.b: {sun: 1.5}}", 2, '"1.5" is read as float'),
        ("version: 1\nnative_ids: {a.b: {sun: 014}}", 2, 'put quotes round it: "014"'),
        ("version: 1\nnative_ids: {a.b: {sun: 0x1f}}", 2, 'put quotes round it: "0x1f"'),
        ("version: 1\nnative_ids: {a.b:\n  {sun: 1:30}}", 3, 'put quotes round it: "1:30"'),
        ("version: 1\nnative_ids: {a.b: {sun: 1_000}}", 2, 'put quotes round it: "1_000"'),
        ("version: 1\nnative_ids: {a.b: {sun: 0b11}}", 2, 'put quotes round it: "0b11"'),
        ("version: 1\nnative_ids: {a.b: {sun: [1]}}", 2, "a single value is expected here"),
        ("version: 1\nnative_ids: {a.b: {sun: ''}}", 2, "nothing stands here"),
        ("version: 1\nnative_ids: {a.b: }", 2, "keys with values are expected here"),
    ],
)
def test_one_mistake(text, line, says):
    """The problem names the file, the line, what is wrong and what to do."""
    (problem,) = problems(text)
    assert problem.startswith(f"mine.yaml:{line}: ")
    assert says in problem
    assert ";" in problem or "remove" in problem or "expected" in problem


def test_without_plugins_there_is_no_reducer():
    """A reader who has not installed the plugin is told so, not offered a word like it."""
    text = "version: 1\ncolumns:\n  c: {source: a.b.c, reduce: spread, of: members}"
    with pytest.raises(MappingError, match='no reducer "spread"; no plugin brings any: install'):
        parse_mapping(text)


def test_all_mistakes_are_told_together():
    """One reading gives every mistake of every section, in the order of the file."""
    found = problems(
        "version: 3\n"
        "merge: [wraped]\n"
        "columns:\n"
        "  close: {source: a.b.c, from: nativ}\n"
        "  close: {source: a.b.c, from: native}\n"
        "assets:\n"
        "  sun: {wrapped: [a], bridged: [404]}\n"
        "  moon: {wrapped: [a], wrong: [b]}\n"
        "  star: {wrapped: [star]}\n"
        "native_ids:\n"
        "  x: {sun: 1}\n"
    )
    assert [int(problem.split(":")[1]) for problem in found] == [1, 2, 4, 5, 7, 8, 9, 11]


def test_the_error_is_a_value_error_that_lists_the_problems():
    """Its text can be shown as it is."""
    with pytest.raises(
        ValueError, match=r"the mapping has 2 mistakes:\n  mine\.yaml:1: .*\n  mine"
    ):
        parse_mapping("version: 2\nasets: {}", "mine.yaml")


def test_a_flood_of_mistakes_is_cut_in_the_text_only():
    """The text stays readable; `problems` has them all."""
    text = "version: 1\nassets:\n" + "".join(f"  a{n}: {{wrapped: []}}\n" for n in range(500))
    with pytest.raises(MappingError) as caught:
        parse_mapping(text)
    assert len(caught.value.problems) == 500
    assert len(str(caught.value).splitlines()) < 50


def test_ten_megabytes_are_refused_unread(tmp_path):
    """A clear limit, not a long wait."""
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"version: 1\n" + b"# filler\n" * (10 * 1024 * 1024 // 9))
    with pytest.raises(MappingError, match=r"huge\.yaml: the file is larger than 256 KB"):
        load_mapping(path)
    with pytest.raises(MappingError, match="larger than 256 KB"):
        parse_mapping("# " + "x" * (256 * 1024))


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"  n{i}: {{wrapped: [n{i + 1}]}}\n" for i in range(4000)),
        "".join(f"  n{i}: {{wrapped: [n{(i + 1) % 4000}]}}\n" for i in range(4000)),
        "".join(f"  n{i}: {{wrapped: [same]}}\n" for i in range(4000)),
    ],
    ids=["chain", "ring", "duplicates"],
)
def test_no_file_within_the_limit_is_slow_or_verbose(text):
    """The longest chain, ring and list of duplicates take work that grows with their length.

    The time is compared with that of a blameless file of the same size, measured here.
    """
    sound = "".join(f"  n{i}: {{wrapped: [m{i}]}}\n" for i in range(4000))
    begin = time.process_time()
    parse_mapping("version: 1\nassets:\n" + sound)
    usual = time.process_time() - begin
    begin = time.process_time()
    found = problems("version: 1\nassets:\n" + text)
    assert time.process_time() - begin < 10 * usual + 1
    assert max(map(len, found)) < 400


def test_a_missing_file(tmp_path):
    """A path that leads nowhere is named."""
    with pytest.raises(MappingError) as caught:
        load_mapping(tmp_path / "none.yaml")
    assert caught.value.problems == (
        f"{tmp_path / 'none.yaml'}: there is no such file; check the path, or leave it out for "
        "the shipped mapping",
    )


def test_a_folder(tmp_path):
    """A folder is no file."""
    with pytest.raises(MappingError, match="this is a folder; name the YAML file in it"):
        load_mapping(tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read every file"
)
def test_an_unreadable_file(tmp_path):
    """A file without permission is named with the reason."""
    path = tmp_path / "secret.yaml"
    path.write_text("version: 1")
    path.chmod(0)
    with pytest.raises(MappingError, match=r"cannot be read .*; check its permissions"):
        load_mapping(path)


def test_text_that_is_not_utf8(tmp_path):
    """The line of the first bad byte is named."""
    path = tmp_path / "latin.yaml"
    path.write_bytes("version: 1\n# für\n".encode("latin-1"))
    with pytest.raises(MappingError, match=r"latin\.yaml:2: the text is not UTF-8"):
        load_mapping(path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    """Editors on Windows write one."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\n")
    assert load_mapping(path).columns == load_mapping().columns
