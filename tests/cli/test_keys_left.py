"""Canary keys: whatever happens to a run, nothing that it prints or leaves behind holds one."""

from __future__ import annotations

import base64
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
    signs = [b"canary"] + [base64.b64encode(key.encode())[:-4] for key in CANARIES.values()]
    return [name for name, text in texts.items() if any(s.lower() in text.lower() for s in signs)]


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


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A key in a file, in a compressed column, in metadata, on a stream."""
    key = CANARIES["COINGECKO_PRO_API_KEY"]
    (tmp_path / "a").write_text(key.lower())
    (tmp_path / "b").write_bytes(b"token " + base64.b64encode(key.encode()))
    (tmp_path / "c").write_bytes(zlib.compress(b"nothing"))
    pl.DataFrame({"x": [key] * 9}).write_parquet(tmp_path / "d.parquet", compression="zstd")
    places = found(tmp_path, Done(0, key, ""))
    assert {"stdout", "a", "b"} < set(places)
    assert any(place.endswith("d.parquet: values") for place in places)
    assert "c" not in places
