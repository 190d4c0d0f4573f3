"""CoinGecko's error answers, in the envelopes and words that were observed.

Two of them are guesses, for want of a recording: the words of `invalid` for a bad value, and that
an unknown key is refused like a missing one.
"""

from __future__ import annotations

from datalake_sandbox.messages import Answer, json_answer

PRICING = "https://www.coingecko.com/en/api/pricing"
_STAMP = "2026-05-17T01:39:44.892+00:00"


def _status(code: int, message: str, http: int, *, stamped: bool = True) -> Answer:
    status = {"error_code": code, "error_message": message}
    if stamped:
        status = {"timestamp": _STAMP, **status}
    return json_answer({"status": status}, http)


def key_missing() -> Answer:
    """401, 10002: no key, or one that is not known."""
    return _status(
        10002,
        "API Key Missing. Please make sure you're using the right authentication method. "
        "For Pro API, please visit: https://docs.coingecko.com/reference/authentication. "
        "For Public/Demo API, please visit: "
        "https://docs.coingecko.com/v3.0.1/reference/authentication.",
        401,
    )


def _wrong_host(code: int, message: str) -> Answer:
    body = {"timestamp": _STAMP, "error_code": code, "status": {"error_message": message}}
    return json_answer(body, 400)


def pro_key_on_public_host() -> Answer:
    """400, 10010: a key in the paid header on the public host."""
    return _wrong_host(
        10010,
        "If you are using Pro API key, please change your root URL from api.coingecko.com to "
        "pro-api.coingecko.com",
    )


def demo_key_on_pro_host() -> Answer:
    """400, 10011: a demo key on the paid host."""
    return _wrong_host(
        10011,
        "If you are using Demo API key, please change your root URL from pro-api.coingecko.com to "
        "api.coingecko.com Please refer here for more details: "
        "https://docs.coingecko.com/v3.0.1/reference/introduction",
    )


def beyond_history() -> Answer:
    """401, 10012: older than the 365 days of the free plans."""
    message = (
        "Your request exceeds the allowed time range. Public API users are limited to querying "
        "historical data within the past 365 days. Upgrade to a paid plan to enjoy full "
        f"historical data access: {PRICING}."
    )
    status = {"timestamp": _STAMP, "error_code": 10012, "error_message": message}
    return json_answer({"error": {"status": status}}, 401)


def paid_only() -> Answer:
    """401, 10005: an endpoint or parameter of the paid plans."""
    message = (
        "This request is limited to PRO API subscribers. Please visit "
        f"{PRICING} to subscribe to our API plans for higher rate limits."
    )
    return _status(10005, message, 401)


def too_many() -> Answer:
    """429 without headers; the limiter adds them."""
    message = (
        f"You've exceeded the Rate Limit. Please visit {PRICING} to subscribe to our API plans "
        "for higher rate limits."
    )
    return _status(429, message, 429, stamped=False)


def unavailable() -> Answer:
    """403: the public API's answer in bad moments."""
    message = (
        "This endpoint is temporarily unavailable due to ongoing issues. Please visit "
        f"{PRICING} to subscribe to our API plans with higher availability and "
        "https://status.coingecko.com for API status. "
    )
    return _status(403, message, 403, stamped=False)


def coin_not_found() -> Answer:
    """404: an id that CoinGecko does not list."""
    return json_answer({"error": "coin not found"}, 404)


def incorrect_path() -> Answer:
    """404: no such endpoint."""
    return json_answer(
        {"error": "Incorrect path. Please check https://www.coingecko.com/api/"}, 404
    )


def missing(parameter: str) -> Answer:
    """422: a required parameter is not there."""
    return json_answer({"error": f"Missing parameter {parameter}"}, 422)


def invalid(parameter: str) -> Answer:
    """422: a parameter has a value that is not offered."""
    return json_answer({"error": f"invalid {parameter}"}, 422)


def internal() -> Answer:
    """500: what /ohlc says without parameters."""
    return json_answer({"status": 500, "error": "Internal Server Error"}, 500)
