"""What a user gets wrong: exit 2, one clear sentence, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import TINY, Done, Line, session

KEYS = "COINGECKO_PRO_API_KEY"
LONG_MAPPING = "version: 1\nassets:\n" + "".join(
    f"  coin-{n}:\n    wrapped: [wrapped-coin-{n}]\n" for n in range(250_000)
)


def tiny(*args: str, **files: str | bytes) -> Line:
    """A tiny run with something wrong about it."""
    return Line([*TINY, *args], {name.replace("__", "."): text for name, text in files.items()})


def mapping(text: str | bytes) -> Line:
    """A tiny run with a user's mapping."""
    return tiny("--mapping", "m.yaml", m__yaml=text)


def settings(text: str | bytes) -> Line:
    """A tiny run under a `datalake.toml`."""
    return tiny(datalake__toml=text)


def key(value: str, variable: str = KEYS) -> Line:
    """A tiny run with a key that can be none."""
    return Line(TINY, env={variable: value})


#: What is wrong -> the command line, and what the message must say (what, where, what to do).
WRONG: dict[str, tuple[Line, tuple[str, ...]]] = {
    "key-with-a-blank": (key("CG abc"), (KEYS, "blank", "copy the key again")),
    "key-with-a-newline": (key("CG-abc\n"), (KEYS, "line break")),
    "key-not-ascii": (key("CG-ключ"), (KEYS, "outside ASCII")),
    "key-of-blanks": (key("  "), (KEYS, "blank")),
    "key-not-ascii-in-dotenv": (tiny(__env=f"{KEYS}='CG ü'"), (KEYS, "copy the key")),
    "plan-unknown": (key("enterprize", "COINGECKO_PLAN"), ("did you mean 'enterprise'",)),
    "plan-without-key": (
        Line(["run", "--assets", "bitcoin"], env={"COINGECKO_PLAN": "pro"}),
        ("COINGECKO_PLAN=pro needs a key", KEYS, "https://"),
    ),
    "no-key-for-a-named-provider": (
        Line(["run", "--providers", "coingecko,lunarcrush"]),
        ("LUNARCRUSH_API_KEY", "https://"),
    ),
    "provider-unknown": (tiny("--providers", "coingeko"), ("did you mean 'coingecko'",)),
    "plugin-unknown": (tiny("--plugins", "coingeko"), ("no plugin 'coingeko'", "did you mean")),
    "provider-not-allowed": (
        tiny("--plugins", "coingecko", "--providers", "defillama"),
        ("no provider 'defillama'", "coingecko"),
    ),
    "no-plugins": (tiny("--no-plugins"), ("no provider 'coingecko'",)),
    "dataset-unknown": (tiny("--datasets", "coingecko.markt"), ("mean 'coingecko.market'",)),
    "dataset-of-nobody-here": (
        tiny("--datasets", "lunarcrush.social"),
        ("lunarcrush takes no part", "--providers"),
    ),
    "dataset-without-key": (
        Line(["run", "--datasets", "lunarcrush.social"]),
        ("lunarcrush takes no part", "LUNARCRUSH_API_KEY"),
    ),
    "since-after-until": (tiny("--until", "2026-02-01"), ("--since 2026-03-01 is after",)),
    "since-today": (tiny("--since", "2026-03-15"), ("no day since then is over",)),
    "until-today": (tiny("--until", "2026-03-15"), ("not over yet",)),
    "since-nonsense": (tiny("--since", "2026-13-41"), ("'--since'", "2026-03-15")),
    "until-nonsense": (tiny("--until", "tomorrow"), ("'--until'", "2026-03-15")),
    "as-of-nonsense": (tiny("--as-of", "teatime"), ("'--as-of'", "2026-03-15T10:30Z")),
    "as-of-before-all-time": (
        tiny("--as-of", "0001-01-01T00:00+14:00"),
        ("'--as-of'", "2026-03-15T10:30Z"),
    ),
    "as-of-in-the-future": (tiny("--as-of", "2999-01-01"), ("in the future",)),
    "as-of-before-the-market": (
        tiny("--since", "1989-01-01", "--as-of", "1990-01-01"),
        ("2013-04-28",),
    ),
    "as-of-past-and-live": (
        Line(["run", "--as-of", "2025-01-01"]),
        ("no universe of that day is archived", "--assets"),
    ),
    "top-0": (tiny("--top", "0"), ("--top 0", "at least one")),
    "asset-unknown": (tiny("--assets", "dogecion"), ("knows none of dogecion", "API id")),
    "asset-in-capitals": (tiny("--assets", "DOGECOIN"), ("knows none of DOGECOIN",)),
    "asset-that-is-a-path": (tiny("--assets", "../../etc/passwd"), ("knows none of",)),
    "assets-empty": (tiny("--assets", " , "), ("'--assets'", "at least one name")),
    "output-empty": (tiny("--output", ""), ("is a folder",)),
    "output-a-folder": (tiny("--output", "here", **{"here/x": ""}), ("user_facing_data.parquet",)),
    "output-below-a-file": (tiny("--output", "f/x.parquet", f=""), ("Not a directory", "--output")),
    "output-somebody-elses": (
        tiny("--output", "x.parquet", x__parquet="hello"),
        ("did not publish", "'hello'", "--output"),
    ),
    "output-in-a-bucket": (
        tiny("--output", "s3://b/x.parquet"),
        ("output s3:", "gs:"),
    ),
    "no-history": (
        tiny(**{"datalake.toml": "[publish]\nhistory = 0\n"}),
        ("datalake.toml: publish", "history must be 1 or more"),
    ),
    "output-a-device": (tiny("--output", "/dev/null"), ("not a regular file",)),
    "report-over-the-output": (
        tiny("--output", "x.parquet", "--report", "./x.parquet"),
        ("--report", "choose another"),
    ),
    "report-a-folder": (tiny("--report", "."), ("--report", "is a folder")),
    "report-nowhere": (tiny("--report", "/proc/x.json"), ("--report /proc/x.json cannot",)),
    "cache-a-file": (tiny("--cache", "lake", lake=""), ("cache", "a file, not a folder")),
    "cache-empty": (tiny("--cache", ""), ("empty", "memory:")),
    "cache-nowhere": (tiny("--cache", "/proc/lake"), ("/proc/lake", "choose another folder")),
    "cache-scheme": (tiny("--cache", "s3:b"), ("no store is known for s3:", "file:")),
    "recordings-alone": (Line(["run", "--recordings", "x"]), ("needs --sandbox",)),
    "recordings-missing": (tiny("--recordings", "nope"), ("nope/index.json", "No such file")),
    "recordings-broken": (
        tiny("--recordings", "r", **{"r/index.json": '{"responses": [{}]}'}),
        ("r/index.json", "not an index"),
    ),
    "fault-alone": (Line(["run", "--sandbox-fault", "x=500"]), ("needs --sandbox",)),
    "fault-nonsense": (tiny("--sandbox-fault", "x=600"), ("PATTERN=ACTION",)),
    "fault-no-regex": (tiny("--sandbox-fault", "(=500"), ("no regex",)),
    "option-unknown": (tiny("--tpo", "3"), ("--tpo", "--top")),
    "command-unknown": (Line(["rnu"]), ("did you mean 'run'",)),
    "provider-to-show-unknown": (Line(["providers", "show", "lunarcrash"]), ("'lunarcrush'",)),
    "universe-of-nothing": (Line(["universe", "--sandbox"]), ("no universe", "datalake run")),
    "universe-top": (Line(["universe", "--top", "-1"]), ("--top", "x>=1")),
    "sandbox-port": (Line(["sandbox", "--port", "99999"]), ("--port", "65535")),
    "mapping-cycle": (
        mapping("version: 1\nassets:\n  a:\n    wrapped: [b]\n  b:\n    wrapped: [a]\n"),
        ("m.yaml:", "cycle", "decide which one is native"),
    ),
    "mapping-duplicate": (
        mapping("version: 1\nassets:\n  a:\n    wrapped: [b, b]\n"),
        ("m.yaml:4", '"b" is listed twice', "keep one"),
    ),
    "mapping-tab": (mapping("version: 1\nassets:\n\ta:\n"), ("m.yaml:3", "tab", "spaces")),
    "mapping-rule": (
        mapping("version: 1\ncolumns:\n  close: {from: nativ}\n"),
        ("m.yaml:3", 'did you mean "native"'),
    ),
    "mapping-alias": (
        mapping("version: 1\nassets:\n  a: &a\n    wrapped: [x]\n  b: *a\n"),
        ("m.yaml:5", "aliases are not allowed"),
    ),
    "mapping-tag": (
        mapping("!!python/object/apply:os.system ['touch hacked']\n"),
        ("m.yaml:1", "tags are not allowed"),
    ),
    "mapping-10-mb": (mapping(LONG_MAPPING), ("m.yaml", "larger than 256 KB")),
    "mapping-binary": (mapping(bytes(range(128, 256)) * 20), ("m.yaml:1", "UTF-8")),
    "mapping-missing": (tiny("--mapping", "no.yaml"), ("no.yaml", "no such file")),
    "mapping-a-folder": (tiny("--mapping", "m", **{"m/x": ""}), ("folder", "name the YAML file")),
    "toml-broken": (settings("[run\n"), ("datalake.toml", "line 1")),
    "toml-unknown-key": (settings("[run]\ntopp = 3\n"), ("datalake.toml: run", "mean 'top'")),
    "toml-wrong-type": (settings('[run]\ntop = "many"\n'), ("run.top", "whole number", "many")),
    "toml-not-text": (settings(b"\xff\xfe"), ("datalake.toml", "UTF-8")),
    "toml-a-folder": (tiny(**{"datalake.toml/x": ""}), ("datalake.toml cannot be read",)),
    "toml-rate": (settings("[rates]\ncoingecko = 0\n"), ("rates: coingecko", "more than 0")),
    "dotenv-not-text": (tiny(__env=b"\xff\xfe\x00"), (".env", "UTF-8")),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Done]]:
    """All the command lines, and the folder below which each ran in its own."""
    folder = tmp_path_factory.mktemp("usage")
    return folder, session(folder, {name: line for name, (line, _) in WRONG.items()})


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_told_in_a_sentence(answers: tuple[Path, dict[str, Done]], name: str) -> None:
    """What is wrong, where, and what to do; on stderr alone, with exit code 2."""
    folder, done = answers
    line, said = WRONG[name]
    assert done[name].code == 2, done[name]
    for part in said:
        assert part in done[name].err
    assert done[name].out == ""
    assert len(done[name].err.splitlines()) <= 6
    files = [path for path in (folder / name).rglob("*") if path.is_file()]
    # what only the vendors' lists could tell was found out under the output's lease
    new = {path.name for path in files if path.parent.name != ".locks"}
    assert new <= {Path(file).name for file in line.files}, "a mistake leaves nothing behind"


def test_a_mistake_never_names_the_key(answers: tuple[Path, dict[str, Done]]) -> None:
    """Only the variable: a key that was copied badly is still a key."""
    for done in answers[1].values():
        assert "CG abc" not in done.err
        assert "ключ" not in done.err
