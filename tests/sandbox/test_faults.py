"""Injected faults: which requests they strike, how often, and what the client sees."""

from __future__ import annotations

import json
import time

import pytest
import requests

from datalake_sandbox import Fault

PRO = "https://pro-api.coingecko.com"
LLAMA = "https://api.llama.fi"
LUNAR = "https://lunarcrush.com"
CHART = "/api/v3/coins/solana/market_chart"
YEAR = {"vs_currency": "usd", "days": 365, "interval": "daily"}
HISTORY = "/v2/historicalChainTvl/Solana"
COIN = "/api4/public/coins/1/v1"


@pytest.fixture
def faulty(serve):
    """`faulty(*faults, **options) -> get`: a sandbox with these faults."""
    return lambda *faults, **options: serve(faults=faults, **options)[1]


@pytest.mark.parametrize(
    ("origin", "path", "action", "status", "text"),
    [
        (PRO, CHART, "401", 401, "API Key Missing"),
        (PRO, CHART, "403", 403, "temporarily unavailable"),
        (PRO, CHART, "404", 404, "coin not found"),
        (PRO, CHART, "429", 429, "exceeded the Rate Limit"),
        (PRO, CHART, "500", 500, "Internal Server Error"),
        (LLAMA, HISTORY, "403", 403, "<html"),
        (LLAMA, HISTORY, "404", 404, "404 page not found"),
        (LLAMA, HISTORY, "429", 429, "Too many requests"),
        (LLAMA, HISTORY, "500", 500, "Internal server error"),
        (LLAMA, HISTORY, "502", 502, "Bad Gateway"),
        (LUNAR, COIN, "401", 401, "Unauthorized"),
        (LUNAR, COIN, "429", 429, "Rate limit exceeded (minute)"),
        (LUNAR, COIN, "503", 503, "Service Temporarily Unavailable"),
        (PRO, CHART, "html", 200, "<!DOCTYPE html>"),
        (PRO, CHART, "empty", 200, "[]"),
        (PRO, CHART, "error-object", 200, "error_code"),
        (LLAMA, HISTORY, "error-object", 200, "statusCode"),
        (LUNAR, COIN, "error-object", 200, "Rate limit exceeded"),
    ],
)
def test_answers_in_place_of_the_right_one(faulty, origin, path, action, status, text):
    """A status comes with the vendor's own body; the 200s are not what was asked for."""
    answer = faulty(Fault(path, action))(origin, path)
    assert answer.status_code == status
    assert text in answer.text


def test_retry_after_and_redirects_are_headers(faulty):
    """429:SECONDS tells the seconds, redirect:URL the place; a plain 429 tells nothing."""
    get = faulty(Fault("solana", "429:7"), Fault("ethereum", "redirect:http://x.example/?a=b"))
    assert get(PRO, CHART, **YEAR).headers["Retry-After"] == "7"
    moved = get(PRO, "/api/v3/coins/ethereum")
    assert (moved.status_code, moved.headers["Location"]) == (302, "http://x.example/?a=b")
    plain = faulty(Fault("solana", "429"))
    assert "Retry-After" not in plain(PRO, CHART, **YEAR).headers


@pytest.mark.parametrize("action", ["truncate", "reset"])
def test_broken_bodies_break_the_transfer(faulty, action):
    """The client cannot take half an answer for a whole one."""
    get = faulty(Fault("solana", action, times=1))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get(PRO, CHART, **YEAR)
    assert get(PRO, CHART, **YEAR).ok


def test_a_slow_body_runs_into_the_clients_timeout(serve, session):
    """The head comes at once, the body stalls; closing the sandbox does not wait for it."""
    box, _ = serve(faults=[Fault("lido", "slow:600")])
    url = box.hosts[LLAMA] + "/protocol/lido"
    with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
        session.get(url, timeout=(5, 0.2))
    begin = time.monotonic()
    box.__exit__(None, None, None)
    assert time.monotonic() - begin < 60
    box.__enter__()


def test_a_short_stall_still_delivers(faulty):
    """Slow is not broken: the whole body arrives."""
    assert faulty(Fault("lido", "slow:0.01"))(LLAMA, "/protocol/lido").json()["id"] == "182"


def test_a_string_stands_where_a_number_should_be(faulty, get):
    """Exactly one value of the chart is text; no time stamp is touched."""
    damaged = faulty(Fault("solana", "string"))(PRO, CHART, **YEAR).json()
    right = get(PRO, CHART, **YEAR).json()
    wrong = [
        (one, other)
        for name in right
        for one, other in zip(damaged[name], right[name], strict=True)
        if one != other
    ]
    assert len(wrong) == 1
    assert wrong[0][0] == [wrong[0][1][0], "n/a"]


def test_nan_is_written_as_python_would_read_it(faulty):
    """The body has the bare word NaN, which is no JSON though Python takes it."""
    answer = faulty(Fault("Solana", "nan"))(LLAMA, HISTORY)
    assert answer.text.count("NaN") == 1
    values = [point["tvl"] for point in json.loads(answer.text)]
    assert sum(value != value for value in values) == 1


def test_rows_come_out_of_order_or_twice(faulty, get):
    """The same points in another order; one point more."""
    right = get(PRO, CHART, **YEAR).json()["prices"]
    mixed = faulty(Fault("solana", "unordered"))(PRO, CHART, **YEAR).json()["prices"]
    assert mixed != right
    assert sorted(mixed) == right
    twice = faulty(Fault("solana", "duplicate"))(PRO, CHART, **YEAR).json()["prices"]
    assert len(twice) == len(right) + 1
    assert {tuple(point) for point in twice} == {tuple(point) for point in right}


def test_a_field_can_go_missing_everywhere(faulty):
    """missing:FIELD takes it out of every object, whatever the depth."""
    get = faulty(Fault("coins/markets", "missing:market_cap"), Fault("lunarcrush", "missing:data"))
    rows = get(PRO, "/api/v3/coins/markets", vs_currency="usd").json()
    assert rows
    assert all("market_cap" not in row and "market_cap_rank" in row for row in rows)
    assert set(get(LUNAR, COIN).json()) == {"config"}


def test_a_bare_number_can_be_damaged_too(faulty):
    """/tvl answers one number, and that becomes text."""
    assert faulty(Fault("/tvl/", "string"))(LLAMA, "/tvl/lido").json() == "n/a"


def test_times_and_skip_count_the_matching_requests(faulty):
    """The first two are spared, the next three struck, all others spared."""
    get = faulty(Fault("solana", "500", times=3, skip=2))
    statuses = [get(PRO, CHART, **YEAR).status_code for _ in range(7)]
    assert statuses == [200, 200, 500, 500, 500, 200, 200]
    assert get(LLAMA, "/tvl/lido").ok


def test_probability_is_seeded(faulty):
    """About half are struck, the same ones for the same seed, others for another."""

    def struck(seed):
        get = faulty(Fault("/tvl/", "503", probability=0.5), seed=seed)
        return [get(LLAMA, "/tvl/lido").status_code for _ in range(40)]

    first = struck(1)
    assert first == struck(1)
    assert first != struck(2)
    assert 10 < first.count(503) < 30


def test_the_first_fault_that_matches_strikes(faulty):
    """Faults are tried in order."""
    get = faulty(Fault("solana", "404", times=1), Fault("solana", "500"))
    assert [get(PRO, CHART, **YEAR).status_code for _ in range(2)] == [404, 500]


def test_patterns_see_host_path_and_query(faulty):
    """A regex may anchor at the host and look into the query."""
    get = faulty(Fault(r"^pro-api\.coingecko\.com/api/v3/coins/markets\?.*&page=2", "502"))
    path, query = "/api/v3/coins/markets", {"vs_currency": "usd", "per_page": 250}
    assert get(PRO, path, **query, page=1).ok
    assert get(PRO, path, **query, page=2).status_code == 502


def test_what_is_struck_is_logged_with_its_status(serve):
    """The log shows what the client was told."""
    box, get = serve(faults=[Fault("solana", "500")])
    get(PRO, CHART)
    assert box.requests == [("GET", "pro-api.coingecko.com" + CHART, 500)]


@pytest.mark.parametrize(
    ("text", "pattern", "action"),
    [
        ("bitcoin=500", "bitcoin", "500"),
        ("markets?.*page=2=429:3", "markets?.*page=2", "429:3"),
        ("lido=redirect:http://x/?a=b", "lido", "redirect:http://x/?a=b"),
        ("chart=missing:prices", "chart", "missing:prices"),
        ("x=slow:0.5", "x", "slow:0.5"),
    ],
)
def test_a_fault_can_be_written_as_text(text, pattern, action):
    """PATTERN=ACTION; the pattern, or an address, may hold an equals sign."""
    assert Fault.parse(text) == Fault(pattern, action)


@pytest.mark.parametrize(
    "text", ["bitcoin", "bitcoin=", "bitcoin=explode", "bitcoin=slow", "bitcoin=slow:x", "[=500"]
)
def test_a_fault_that_cannot_be_read_is_explained(text):
    """The error shows the text and the form."""
    with pytest.raises(ValueError, match=r"PATTERN=ACTION|is no regex"):
        Fault.parse(text)


def test_an_unknown_action_lists_the_known_ones():
    """A typo in code is refused as well."""
    with pytest.raises(ValueError, match=r"unknown fault 'explode'.*truncate"):
        Fault("bitcoin", "explode")
