"""Injected faults: which requests they strike, how often, and what the client sees."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime

import pytest
import requests

from datalake_sandbox import KINDS, Fault

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


@pytest.mark.parametrize(
    ("text", "times", "skip", "probability"),
    [
        ("llama=503*3", 3, 0, 1.0),
        ("llama=401+5", None, 5, 1.0),
        ("llama=429:2@0.25", None, 0, 0.25),
        ("llama=redirect:http://x/?a=b*2+1@.5", 2, 1, 0.5),
    ],
)
def test_how_often_a_fault_strikes_can_be_written(text, times, skip, probability):
    """So many times, after so many, with a probability; in any order."""
    fault = Fault.parse(text)
    assert (fault.times, fault.skip, fault.probability) == (times, skip, probability)
    assert fault.pattern == "llama"


@pytest.mark.parametrize(
    ("text", "told"), [("429:soon", "soon"), ("429:-5", "-5"), ("429:86400", "86400")]
)
def test_a_wait_may_be_absurd(faulty, text, told):
    """Whatever follows is what Retry-After says."""
    assert faulty(Fault("solana", text))(PRO, CHART).headers["Retry-After"] == told


def test_a_wait_may_be_a_date_or_in_the_vendor_s_header(faulty):
    """Each as its vendor writes it; DefiLlama has none of its own."""
    date = faulty(Fault("x", "429-date:60"))(LLAMA, "/protocol/x").headers["Retry-After"]
    assert parsedate_to_datetime(date).timestamp() > time.time()
    get = faulty(Fault(".", "429-reset:60"))
    assert get(PRO, CHART).headers["x-ratelimit-reset"].endswith("+0000")
    assert int(get(LUNAR, COIN).headers["x-rate-limit-minute-reset"]) > time.time()
    assert not any("reset" in name.lower() for name in get(LLAMA, HISTORY).headers)


def test_an_unreachable_host(serve, session):
    """Nobody listens at one, another has no name; the third serves."""
    box, get = serve(faults=[Fault("llama", "refused"), Fault("lunarcrush", "no-host")])
    with pytest.raises(requests.ConnectionError, match="refused"):
        session.get(box.hosts[LLAMA], timeout=5)
    with pytest.raises(requests.ConnectionError, match="resol"):
        session.get(box.hosts[LUNAR], timeout=5)
    assert get(PRO, CHART, **YEAR).ok


@pytest.mark.parametrize(("action", "seconds"), [("slow-head:600", 0.2), ("drip:600", 0.2)])
def test_answers_that_do_not_come_in_time(serve, session, action, seconds):
    """Neither a head nor a byte."""
    box, _ = serve(faults=[Fault("lido", action)])
    with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
        session.get(box.hosts[LLAMA] + "/protocol/lido", timeout=(5, seconds))


def test_a_body_that_drips_is_whole_in_the_end(faulty):
    """Byte by byte."""
    assert faulty(Fault("/tvl/", "drip:0.001"))(LLAMA, "/tvl/lido").json() > 0


def test_bodies_that_are_too_large(serve, session):
    """Half a gigabyte: promised and streamed, or packed into half a megabyte."""
    box, _ = serve(faults=[Fault("lido", "huge"), Fault("sky", "gzip-bomb")])
    with session.get(f"{box.hosts[LLAMA]}/protocol/lido", stream=True, timeout=5) as huge:
        assert huge.headers["Content-Length"] == str(500 * 2**20)
        assert next(huge.iter_content(2**20)).isspace()
    with session.get(f"{box.hosts[LLAMA]}/protocol/sky", stream=True, timeout=5) as bomb:
        assert int(bomb.headers["Content-Length"]) < 2**20
        assert sum(len(bomb.raw.read(2**20, decode_content=True)) for _ in range(9)) == 9 * 2**20


def test_a_loop_leads_to_itself(serve, session):
    """Whoever follows redirects never arrives."""
    box, get = serve(faults=[Fault("lido", "loop")])
    moved = get(LLAMA, "/protocol/lido")
    assert box.url + moved.headers["Location"] == moved.url
    with pytest.raises(requests.TooManyRedirects):
        session.get(moved.url, timeout=5)


@pytest.mark.parametrize(
    ("action", "sign"),
    [
        ("utf-16", lambda body: body.startswith(b"\xff\xfe")),
        ("shape", lambda body: isinstance(json.loads(body), list)),
        ("extra", lambda body: "unheard_of" in json.loads(body)),
        ("quoted", lambda body: isinstance(json.loads(body)["prices"][0][1], str)),
        ("overflow", lambda body: body.count(b"1e400") == 1),
        ("null", lambda body: body.count(b"null") == 1),
        ("negative", lambda body: body.count(b",-") == 3),
        ("gaps", lambda body: 200 < len(json.loads(body)["prices"]) < 250),
        ("unit", lambda body: json.loads(body)["prices"][0][0] < 10**10),
    ],
)
def test_data_that_is_subtly_wrong(faulty, action, sign):
    """In the body, with status 200."""
    answer = faulty(Fault("solana", action))(PRO, CHART, **YEAR)
    assert answer.ok
    assert sign(answer.content)


def test_every_fault_has_a_line_and_works_for_every_vendor(faulty):
    """Whatever is in the table can be injected."""
    arguments = {"SECONDS": "0.01", "TEXT": "1", "URL": "/", "FIELD": "data"}
    for kind in KINDS:
        action = kind.name + (f":{arguments[kind.argument]}" if kind.argument else "")
        if kind.name in ("refused", "no-host", "stall", "huge", "gzip-bomb", "drip"):
            Fault("x", action)
            continue
        get = faulty(Fault(".", action))
        expected = {200, 302} | ({int(kind.name[:3])} if kind.name[:3].isdigit() else set())
        for origin, path, query in (
            (PRO, CHART, YEAR),
            (LLAMA, "/tvl/lido", {}),
            (LUNAR, COIN, {}),
        ):
            if kind.name in ("reset", "truncate"):
                with pytest.raises(requests.RequestException):
                    get(origin, path, **query)
            else:
                assert get(origin, path, **query).status_code in expected
