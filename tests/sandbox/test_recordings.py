"""Recorded responses are served byte for byte, by the first entry that fits."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timezone

import pytest

from datalake_sandbox import Sandbox, recordings_clock

PUBLIC = "https://api.coingecko.com"
LLAMA = "https://api.llama.fi"
LUNAR = "https://lunarcrush.com"


def _folder(tmp_path, responses, **index):
    """A folder of recordings, written by hand in the shape of the real one."""
    known = {"format": 1, "as_of": "2026-03-15T10:30:00Z", "note": "by hand"}
    text = json.dumps({**known, **index, "responses": responses})
    (tmp_path / "index.json").write_text(text)
    return tmp_path


def _entry(provider, path, file, **more):
    return {"provider": provider, "path": path, "status": 200, "file": file, **more}


@pytest.fixture
def replay(serve, clock):
    """`replay(folder) -> get`: a sandbox over a folder of recordings."""
    return lambda folder: serve(recordings=folder)[1]


def test_every_recording_of_the_index_is_served_whole(recordings, serve):
    """Path for path, with the query of its entry, the body is the file's bytes."""
    box, get = serve(recordings=recordings)
    assert box.environment == {}
    origins = {"coingecko": PUBLIC, "defillama": LLAMA}
    entries = json.loads((recordings / "index.json").read_text())["responses"]
    for entry in entries:
        answer = get(origins[entry["provider"]], entry["path"], **entry.get("query", {}))
        assert answer.status_code == entry["status"], entry
        assert answer.content == (recordings / entry["file"]).read_bytes(), entry


def test_the_clock_of_the_recordings_is_their_as_of(recordings):
    """It is aware and UTC."""
    assert recordings_clock(recordings) == datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
    assert recordings_clock(recordings / "index.json") == recordings_clock(recordings)


def test_the_first_entry_whose_query_fits_answers(tmp_path, replay):
    """All items of an entry must be there and equal; others do not matter."""
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text(f'"{name}"')
    path = "/api/v3/coins/x"
    folder = _folder(
        tmp_path,
        [
            _entry("coingecko", path, "one", query={"a": "1", "b": "2"}),
            _entry("coingecko", path, "two", query={"a": "1"}),
            _entry("coingecko", path, "three"),
        ],
    )
    get = replay(folder)
    assert get(PUBLIC, path, a=1, b=2, c=3).json() == "one"
    assert get(PUBLIC, path, a=1, b=3).json() == "two"
    assert get(PUBLIC, path, b=2).json() == "three"


def test_paths_are_decoded_and_gzipped_files_unpacked(tmp_path, replay):
    """A blank in a chain's name, and a file that is kept small."""
    (tmp_path / "h.json.gz").write_bytes(gzip.compress(b"[1]"))
    path = "/v2/historicalChainTvl/OP Mainnet"
    get = replay(_folder(tmp_path, [_entry("defillama", path, "h.json.gz")]))
    assert get(LLAMA, "/v2/historicalChainTvl/OP%20Mainnet").content == b"[1]"


@pytest.mark.parametrize(
    ("origin", "path", "status", "text"),
    [
        (PUBLIC, "/api/v3/coins/nothing/market_chart", 404, '{"error":"coin not found"}'),
        (PUBLIC, "/api/v3/coins/markets?page=2", 200, "[]"),
        (LLAMA, "/protocol/nothing", 400, "Protocol not found"),
        (LLAMA, "/tvl/nothing", 400, "Protocol not found"),
        (LLAMA, "/v2/historicalChainTvl/Nowhere", 400, "There is no chain with that name"),
        (LLAMA, "/summary/dexs/x", 400, "Dexs for x not found"),
        (LLAMA, "/overview/dexs/Nowhere", 500, "Internal server error"),
        (LUNAR, "/api4/public/coins/1/v1", 404, '{"error":"Coin not found"}'),
    ],
)
def test_what_was_not_recorded_is_unknown(tmp_path, replay, origin, path, status, text):
    """Each vendor answers as it answers an unknown name."""
    answer = replay(_folder(tmp_path, []))(origin, path)
    assert answer.status_code == status
    assert answer.text.startswith(text)


def test_limits_and_keys_hold_over_recordings_too(tmp_path, serve):
    """Recordings change what is answered, not who may ask or how often."""
    _, get = serve(recordings=_folder(tmp_path, []), rates="real")
    statuses = [get(PUBLIC, "/api/v3/coins/markets").status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert get(LUNAR, "/api4/public/coins/1/v1", headers={}).status_code == 401


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (None, "no index of recordings"),
        ("{", "not an index of recordings"),
        ('{"format": 1}', "as_of"),
        ('{"format": 2, "as_of": "2026-03-15T10:30:00Z", "responses": []}', "format 2"),
        ('{"format": 1, "as_of": "2026-03-15T10:30:00", "responses": []}', "time zone"),
        (
            '{"format": 1, "as_of": "2026-03-15T10:30:00Z", "responses": '
            '[{"provider": "coingecko", "path": "/x", "status": 200, "file": "gone.json"}]}',
            r"gone\.json of /x is missing",
        ),
    ],
)
def test_a_broken_index_is_named(tmp_path, clock, text, wrong):
    """The error names the file and says what is wrong with it."""
    if text is not None:
        (tmp_path / "index.json").write_text(text)
    with pytest.raises(ValueError, match=wrong) as raised:
        Sandbox(clock, recordings=tmp_path)
    assert str(tmp_path / "index.json") in str(raised.value)
