"""The end of a run in words."""

from __future__ import annotations

from datalake.cli.summary import _failures


def failure(asset: str, error: str) -> dict[str, str | None]:
    return {"dataset": "market", "asset": asset, "error": error, "stale_through": "2026-03-14"}


def test_one_cause_is_told_once_whatever_the_asset() -> None:
    """A vendor that is down is one line, not one for each asset; a single failure is as it was."""
    down = [failure(one, f"GET /coins/{one}/market answered 503") for one in ("aave", "uniswap")]
    notes = _failures("coingecko", [failure("ripple", "no price of ripple"), *down])
    assert notes == [
        "coingecko.market of aave, uniswap: GET /coins/ASSET/market answered 503; rows through"
        " 2026-03-14 stand in",
        "coingecko.market of ripple: no price of ripple; rows through 2026-03-14 stand in",
    ]
