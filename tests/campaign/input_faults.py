"""Faults of what is put in: settings, mapping, keys, arguments, and what the vendors answer."""

from __future__ import annotations

from .lab import RUN, Lab
from .rows import Left, row


def _wrong(fault: str, *flags: str, files=(), env=None, expected="one sentence, no call",
           code: int = 2, left: Left = "old", quick: bool = False) -> None:  # fmt: skip
    @row("input", fault, code, left, expected, quick=quick)
    def steps(lab: Lab):
        for name, text in dict(files).items():
            (lab.folder / name).write_text(text)
        done = lab.run(*flags, env=env)
        for name in dict(files):
            (lab.folder / name).unlink()
        if code == 2:
            assert "GET /api.coingecko.com" not in done.err
        yield done


def _mapping(fault: str, text: str, *, quick: bool = False) -> None:
    _wrong(fault, "--mapping", "m.yaml", files={"m.yaml": text},
           expected="names the line and what to do", quick=quick)  # fmt: skip


_mapping("the mapping names a key twice", "version: 1\nassets: {}\nassets: {}\n")
_mapping("the mapping has an alias", "version: 1\nassets:\n  a: &a\n    wrapped: [x]\n  b: *a\n")
_mapping("the mapping has a tag that would run code",
         "!!python/object/apply:os.system ['touch hacked']\n", quick=True)  # fmt: skip
_mapping("the mapping takes `no` for an id", "version: 1\nassets:\n  no:\n    wrapped: [x]\n")
_mapping("the mapping has a megabyte", "version: 1\n" + "# x\n" * 250_000)
_mapping("the mapping is nested 10,000 deep", "version: 1\nassets: " + "[" * 10_000)
_wrong("datalake.toml has a value of the wrong type",
       files={"datalake.toml": '[run]\ntop = "many"\n'})  # fmt: skip
_wrong("a key has a line break", env={"COINGECKO_PRO_API_KEY": "CG-Canary\n"})
_wrong("a key is not ASCII", env={"COINGECKO_PRO_API_KEY": "CG-ключ"})
_wrong("an asset's id is a path", "--assets", "../../etc/passwd", "--providers", "coingecko",
       code=2, expected="one sentence, nothing written")  # fmt: skip
_wrong(".env tries to replace what the environment says", code=0, left="new",
       files={".env": "HOME=/nowhere\nCOINGECKO_PRO_API_KEY=other\nLUNARCRUSH_PLAN=${HOME}\n"},
       env={"LUNARCRUSH_PLAN": "scale"}, expected="the environment wins, nothing is expanded",
       )  # fmt: skip
_wrong("any user may read the keys in .env", code=0, left="new",
       files={".env": "COINGECKO_DEMO_API_KEY=CG-somebodys\n"},
       expected="published, with one warning")  # fmt: skip
_wrong("netrc and proxy variables are set", code=0, left="new",
       files={".netrc": "machine 127.0.0.1 login a password b\n"}, expected="not used",
       env={"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"})  # fmt: skip
_wrong("fewer assets than are published", "--assets", "dogecoin", code=4,
       expected="refused, the candidate is kept", quick=True)  # fmt: skip
_wrong("another first day than what is published", "--since", "2026-03-10", code=4,
       expected="refused, the candidate is kept")  # fmt: skip


@row("input", "the key of a provider that is asked for is missing", 2, "old", "names the variable")
def no_key(lab: Lab):
    command = ("run", *RUN[2:], "--providers", "lunarcrush")
    yield lab.run("--cache", "x", "--output", "x.parquet", command=command,
                  env={"LUNARCRUSH_API_KEY": ""})  # fmt: skip


def _vendor(fault: str, *injected: str, code: int = 3, expected: str, more=()) -> None:
    flags = [part for one in injected for part in ("--sandbox-fault", one)]

    @row("input", fault, code, "old" if code == 7 else "new", expected)
    def steps(lab: Lab):
        yield lab.run(*flags, *more)


_vendor("every vendor refuses the key, the cache is full", ".=401", expected="yesterday's stand in")
_vendor("every vendor refuses the key, the cache is empty", ".=401", code=7,
        expected="every provider failed", more=("--cache", "memory:"))  # fmt: skip
_vendor("a vendor answers with a page of HTML", "llama=html", expected="yesterday's stand in")
_vendor("a vendor's answers lack a field", "market_chart=missing:prices",
        expected="yesterday's stand in")  # fmt: skip
_vendor("a vendor has texts where numbers should be", "time-series|market_chart=string",
        expected="yesterday's stand in")  # fmt: skip
_vendor("a vendor's answers are NaN", "market_chart=nan", expected="yesterday's stand in")
_vendor("no vendor knows a price any more, the cache is empty", "market_chart=empty", code=7,
        expected="nothing to publish, said with its cause",
        more=("--cache", "memory:"))  # fmt: skip
_vendor("each vendor fails once", ".=500*1", code=0, expected="tried again")
_vendor("vendors send rows twice and in any order", "market_chart=duplicate",
        "time-series=unordered", code=0, expected="the same rows")  # fmt: skip
