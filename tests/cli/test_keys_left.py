"""Canary keys: whatever happens to a run, nothing that it prints or leaves behind holds one."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import TINY, Done

CANARIES = {
    "COINGECKO_PRO_API_KEY": "CG-Canary0123456789abcdef",
    "DEFILLAMA_API_KEY": "Canary.llama~0123456789abcdef",  # it travels in the path
    "LUNARCRUSH_API_KEY": "canary0123456789lunarabcdef",
}
DATASETS = "coingecko.market,defillama.chain_tvl,lunarcrush.social"
ALL = ("--providers", "all", "--log-level", "debug", "--report", "report.json")


def found(folder: Path, done: Done) -> list[str]:
    """Where a canary sits, in any letters, plain or in Base64."""
    texts = {"stdout": done.out.encode(), "stderr": done.err.encode()}
    for path in folder.rglob("*"):
        if path.is_file():
            texts[str(path.relative_to(folder))] = path.read_bytes()
            if path.suffix == ".parquet":
                # of a damaged one the bytes are looked at all the same
                with suppress(pa.ArrowInvalid, pl.exceptions.PolarsError):
                    texts[f"{path}: metadata"] = str(pq.read_metadata(path).metadata).encode()
                    texts[f"{path}: values"] = pl.read_parquet(path).write_json().encode()
            elif path.suffix == ".gz":
                with suppress(OSError, EOFError, zlib.error):
                    texts[f"{path}: unpacked"] = gzip.decompress(path.read_bytes())
    return [name for name, text in texts.items() if any(sign in text.lower() for sign in SIGNS)]


def in_base64(key: str) -> list[bytes]:
    """How a key looks in Base64, at whichever place of a longer text it stands."""
    coded = [base64.b64encode(b"\0" * shift + key.encode()) for shift in range(3)]
    return [text[begin:-4] for text, begin in zip(coded, (0, 2, 3), strict=True)]


#: In lower case, as libraries may write it; a key that is quoted for a URL has its letters still.
SIGNS = [
    b"canary",
    *(sign.lower() for key in CANARIES.values() for sign in in_base64(key)),
]


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ((), 0),
        ((".=401",), 7),
        ((".=redirect:https://elsewhere.example/?key=",), 7),
        (("time-series|market_chart=string", "llama=html*2"), 7),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_key_is_left_anywhere(
    datalake: Callable[..., Done], tmp_path: Path, faults: tuple[str, ...], code: int, form: str
) -> None:
    """Stdout, stderr at debug, reports, series, published files and their metadata."""
    injected = [part for fault in faults for part in ("--sandbox-fault", fault)]
    done = datalake(*TINY, *ALL, "--log-format", form, *injected, **CANARIES)
    assert done.code == code, done.err
    assert "GET " in done.err, "the HTTP libraries were heard at debug"
    assert (tmp_path / "report.json").exists()
    assert found(tmp_path, done) == []


#: A fault for each vendor, three at once: each run costs a process.
THREES = [
    ("coingecko=503", "llama=refused", "lunarcrush=no-host"),
    ("coingecko=429:86400", "llama=redirect:https://elsewhere.example/?key=", "lunarcrush=loop"),
    ("coingecko=reset", "llama=truncate", "lunarcrush=html"),
    ("coingecko=403", "llama=402", "lunarcrush=401+1"),
    ("market_chart=gzip-bomb", "llama=utf-16", "time-series=huge"),
    ("market_chart=overflow", "llama=shape", "lunarcrush=error-object"),
    ("coingecko=504*2", "llama=429-date:1*1", "lunarcrush=429-reset:1*1"),
]


@pytest.mark.parametrize("number", range(len(THREES)))
def test_no_fault_leaves_a_key_anywhere(
    datalake: Callable[..., Done], tmp_path: Path, number: int
) -> None:
    """Nor do the request log, the quarantine and what is retried; with either of CoinGecko's keys,
    and DefiLlama's in the path."""
    keys = dict(CANARIES)
    if number % 2:
        keys["COINGECKO_DEMO_API_KEY"] = keys.pop("COINGECKO_PRO_API_KEY")
    injected = [part for fault in THREES[number] for part in ("--sandbox-fault", fault)]
    form = ("text", "json")[number % 2]
    done = datalake(*TINY, *ALL, "--datasets", DATASETS, "--log-format", form, *injected, **keys)
    assert done.code in (0, 3, 7), done.err
    assert list(tmp_path.rglob("requests/v1/*.jsonl.gz"))
    assert found(tmp_path, done) == []


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A key in a file, in a compressed column, in metadata, on a stream."""
    key = CANARIES["COINGECKO_PRO_API_KEY"]
    (tmp_path / "a").write_text(key.lower())
    (tmp_path / "b").write_bytes(b"token " + base64.b64encode(key.encode()))
    (tmp_path / "c").write_bytes(zlib.compress(b"nothing"))
    (tmp_path / "e.gz").write_bytes(gzip.compress(key.encode()))
    for shift in range(3):
        said = base64.b64encode(b"x" * shift + key.encode() + b", and more")
        (tmp_path / f"base64-{shift}").write_bytes(said)
    pl.DataFrame({"x": [key] * 9}).write_parquet(tmp_path / "d.parquet", compression="zstd")
    places = found(tmp_path, Done(0, key, ""))
    assert {"stdout", "a", "b", "base64-0", "base64-1", "base64-2"} < set(places)
    assert any(place.endswith("e.gz: unpacked") for place in places)
    assert any(place.endswith("d.parquet: values") for place in places)
    assert "c" not in places
