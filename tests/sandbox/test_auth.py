"""Keys, hosts and plans: each vendor lets in and refuses as it does in reality."""

from __future__ import annotations

import http.client

import pytest

PRO = "https://pro-api.coingecko.com"
PUBLIC = "https://api.coingecko.com"
LLAMA = "https://api.llama.fi"
LLAMA_PRO = "https://pro-api.llama.fi"
LUNAR = "https://lunarcrush.com"
PING = "/api/v3/ping"
COIN = "/api4/public/coins/1/v1"


def _code(answer):
    """CoinGecko's error code, in whichever of its envelopes."""
    body = answer.json()
    body = body.get("error", body) if isinstance(body.get("error"), dict) else body
    return body.get("error_code") or body["status"]["error_code"]


@pytest.mark.parametrize(
    ("origin", "headers", "query", "status", "code"),
    [
        (PRO, {"x-cg-pro-api-key": "CG-x"}, {}, 200, None),
        (PRO, {}, {"x_cg_pro_api_key": "CG-x"}, 200, None),
        (PRO, {}, {}, 401, 10002),
        (PRO, {"x-cg-demo-api-key": "CG-x"}, {}, 401, 10002),
        (PRO, {"x-cg-pro-api-key": "CG-wrong"}, {}, 401, 10002),
        (PRO, {"x-cg-pro-api-key": "CG-demo"}, {}, 400, 10011),
        (PUBLIC, {}, {}, 200, None),
        (PUBLIC, {"x-cg-demo-api-key": "CG-x"}, {}, 200, None),
        (PUBLIC, {}, {"x_cg_demo_api_key": "CG-x"}, 200, None),
        (PUBLIC, {"x-cg-demo-api-key": "CG-wrong"}, {}, 401, 10002),
        (PUBLIC, {"x-cg-pro-api-key": "CG-x"}, {}, 400, 10010),
    ],
)
def test_coingecko_keys(get, origin, headers, query, status, code):
    """Each host takes its own kind of key, in header or query."""
    answer = get(origin, PING, headers=headers, **query)
    assert answer.status_code == status
    assert code is None or _code(answer) == code


@pytest.mark.parametrize("headers", [{}, {"x-cg-demo-api-key": "CG-x"}])
def test_free_coingecko_plans_reach_back_one_year(get, headers):
    """365 days are answered, 366 and max are 401 with 10012, in chart, range, ohlc and history."""
    chart = "/api/v3/coins/bitcoin/market_chart"
    usd = {"vs_currency": "usd", "interval": "daily"}
    assert get(PUBLIC, chart, headers=headers, days=365, **usd).status_code == 200
    asked = [
        get(PUBLIC, chart, headers=headers, days=366, **usd),
        get(PUBLIC, chart, headers=headers, days="max", **usd),
        get(
            PUBLIC, f"{chart}/range", headers=headers, vs_currency="usd", from_=1, to=1_790_000_000
        ),
        get(PUBLIC, "/api/v3/coins/bitcoin/ohlc", headers=headers, vs_currency="usd", days="max"),
        get(PUBLIC, "/api/v3/coins/bitcoin/history", headers=headers, date="01-01-2020"),
    ]
    assert [(answer.status_code, _code(answer)) for answer in asked] == [(401, 10012)] * 5


def test_what_free_coingecko_plans_may_not_ask_at_all(get):
    """The paid endpoints and the daily candles are 401 with 10005; the paid host answers them."""
    paid = [
        ("/api/v3/key", {}),
        ("/api/v3/coins/bitcoin/ohlc", {"vs_currency": "usd", "days": 30, "interval": "daily"}),
        (
            "/api/v3/coins/bitcoin/ohlc/range",
            {"vs_currency": "usd", "from_": "2026-06-01", "to": "2026-09-01", "interval": "daily"},
        ),
    ]
    for path, query in paid:
        refused = get(PUBLIC, path, **query)
        assert (refused.status_code, _code(refused)) == (401, 10005), path
        assert get(PRO, path, **query).status_code == 200, path


def test_five_minute_charts_are_for_enterprises(get):
    """interval=5m is refused on every plan that the sandbox has."""
    query = {"vs_currency": "usd", "days": 1, "interval": "5m"}
    answer = get(PRO, "/api/v3/coins/bitcoin/market_chart", **query)
    assert (answer.status_code, _code(answer)) == (401, 10005)


@pytest.mark.parametrize(
    ("origin", "path", "status", "body"),
    [
        (LLAMA, "/v2/chains", 200, None),
        (LLAMA, "/emissions", 402, "Upgrade to the paid API plan"),
        (LLAMA, "/overview/derivatives", 402, "Upgrade to the paid API plan"),
        (LLAMA, "/nothing", 404, "404 page not found"),
        (LLAMA_PRO, "/some-key/api/v2/chains", 200, None),
        (LLAMA_PRO, "/usage/some-key", 200, "creditsLeft"),
        (LLAMA_PRO, "/api/v2/chains", 402, "Upgrade to the paid API plan"),
        (LLAMA_PRO, "/wrong-key/api/v2/chains", 401, "Invalid API key"),
    ],
)
def test_defillama_keys(get, origin, path, status, body):
    """The free host asks for nothing, the paid one for a key in the path."""
    answer = get(origin, path)
    assert answer.status_code == status
    assert body is None or body in answer.text


def test_the_paid_defillama_host_calls_its_json_plain_text(get):
    """The type is text/plain there, as it was recorded, and the body is the same."""
    free, paid = get(LLAMA, "/v2/chains"), get(LLAMA_PRO, "/some-key/api/v2/chains")
    assert free.headers["content-type"].startswith("application/json")
    assert paid.headers["content-type"].startswith("text/plain")
    assert free.content == paid.content


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Authorization": "Bearer some-key"}, {}, 200),
        ({}, {}, 401),
        ({}, {"key": "some-key"}, 401),
        ({"x-api-key": "some-key"}, {}, 401),
        ({"Authorization": "some-key"}, {}, 401),
        ({"Authorization": "Bearer wrong-key"}, {}, 401),
    ],
)
def test_lunarcrush_keys(get, headers, query, status):
    """Only the bearer form counts."""
    assert get(LUNAR, COIN, headers=headers, **query).status_code == status


def test_lunarcrush_wants_a_user_agent(sandbox):
    """A client that does not name itself is turned away at the edge."""
    host = sandbox.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request("GET", "/lunarcrush.com" + COIN, headers={"Authorization": "Bearer k"})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (403, b"error code: 1010")
    connection.close()


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/api3/coins/1", 404, "Invalid endpoint (2)"),
        ("/api4/public/nothing", 404, "endpoint not found"),
        ("/api4/public/coins/list/v1?explanation=1", 400, "Invalid input parameter: explanation"),
        ("/api4/public/coins/1/time-series/v2?bucket=week", 400, "Invalid input parameter: bucket"),
    ],
)
def test_lunarcrush_errors(get, path, status, text):
    """Dead versions, unknown endpoints and unknown parameters get its own words."""
    answer = get(LUNAR, path)
    assert answer.status_code == status
    assert text in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "query", "status", "body"),
    [
        ("/coins/no-such-coin", {}, 404, {"error": "coin not found"}),
        (
            "/nothing",
            {},
            404,
            {"error": "Incorrect path. Please check https://www.coingecko.com/api/"},
        ),
        ("/coins/markets", {}, 422, {"error": "Missing parameter vs_currency"}),
        ("/coins/bitcoin/market_chart", {}, 422, {"error": "Missing parameter vs_currency"}),
        ("/coins/bitcoin/ohlc", {}, 500, {"status": 500, "error": "Internal Server Error"}),
    ],
)
def test_coingecko_errors(get, path, query, status, body):
    """Unknown names and missing parameters get the observed bodies."""
    answer = get(PRO, "/api/v3" + path, **query)
    assert (answer.status_code, answer.json()) == (status, body)


def test_the_log_holds_no_keys(get, sandbox):
    """What is logged shows paths and queries, and none of the three kinds of key."""
    get(LLAMA_PRO, "/secret-one/api/v2/chains")
    get(LLAMA_PRO, "/usage/secret-two")
    get(PRO, PING, headers={}, x_cg_pro_api_key="secret-three")
    get(LUNAR, COIN, headers={"Authorization": "Bearer secret-four"})
    log = sandbox.requests[-4:]
    assert [status for _, _, status in log] == [200] * 4
    assert log[0] == ("GET", "pro-api.llama.fi/KEY/api/v2/chains", 200)
    assert "secret" not in repr(log)


def test_the_environment_opens_every_door(sandbox, get):
    """The built-in keys are taken by the hosts of the plans that they stand for."""
    keys = sandbox.environment
    assert get(PRO, PING, headers={"x-cg-pro-api-key": keys["COINGECKO_PRO_API_KEY"]}).ok
    assert get(PUBLIC, PING, headers={"x-cg-demo-api-key": keys["COINGECKO_DEMO_API_KEY"]}).ok
    assert get(LLAMA_PRO, f"/{keys['DEFILLAMA_API_KEY']}/api/v2/chains").ok
    assert get(LUNAR, COIN, headers={"Authorization": f"Bearer {keys['LUNARCRUSH_API_KEY']}"}).ok
    assert keys["LUNARCRUSH_PLAN"] == "scale"


def test_a_host_that_is_not_there_is_explained(sandbox, session):
    """A path without a known host answers 404 and lists the hosts."""
    answer = session.get(sandbox.url + "/example.org/x", timeout=5)
    assert answer.status_code == 404
    assert "api.coingecko.com" in answer.text
