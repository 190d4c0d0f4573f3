"""DefiLlama's TVL pages: chains, protocols and their histories."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from datalake_sandbox import defillama_errors as errors
from datalake_sandbox.market import DAY_SECONDS, Market, midnight_ms
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.noise import Series, uniform
from datalake_sandbox.tvl import Index, Tvl
from datalake_sandbox.universe import Parent, Protocol

TOKENS = ("WETH", "WBTC", "USDC", "USDT", "DAI", "LINK", "WSTETH", "AAVE", "GHO", "WEETH")
BIG = frozenset({"aave", "aave-v3"})
"""Slugs whose `tokens` sections cover the whole history, as the large real answers do."""


def seconds(index: Index) -> list[int]:
    """Midnights of array indexes, in seconds since 1970."""
    stamps: list[int] = (midnight_ms(0) // 1000 + index * DAY_SECONDS).tolist()
    return stamps


def chains(tvl: Tvl) -> Answer:
    """`/v2/chains`."""
    return json_answer(
        [
            {
                "gecko_id": chain.gecko_id,
                "gasTokenGeckoId": chain.gas or chain.gecko_id,
                "tvl": tvl.chain_now(chain),
                "tokenSymbol": chain.symbol,
                "cmcId": chain.cmc,
                "name": chain.name,
                "chainId": chain.chain_id,
            }
            for chain in tvl.chains()
        ]
    )


def chain_history(tvl: Tvl, name: str) -> Answer:
    """`/v2/historicalChainTvl/{chain}`; names match without regard to case."""
    for chain in tvl.chains():
        if chain.name.lower() == name.lower():
            index, values = tvl.chain_days(chain)
            return _history(index, values)
    return errors.chain_not_found()


def all_chains_history(tvl: Tvl, market: Market) -> Answer:
    """`/v2/historicalChainTvl`: the sum of all chains."""
    whole = np.zeros(market.today + 1)
    for chain in tvl.chains():
        index, values = tvl.chain_days(chain)
        whole[index] += values
    index = np.arange(int(np.argmax(whole > 0)), market.today + 1)
    return _history(index, whole[index])


def _history(index: Index, values: Series) -> Answer:
    pairs = zip(seconds(index), np.round(values).astype(np.int64).tolist(), strict=True)
    return json_answer([{"date": date, "tvl": value} for date, value in pairs])


def protocol_rows(tvl: Tvl, market: Market) -> Answer:
    """`/protocols`: a snapshot; parents are not rows of it."""
    rows = [_row(tvl, market, row) for row in tvl.protocols()]
    return json_answer(sorted(rows, key=lambda row: -row["tvl"]))


def _row(tvl: Tvl, market: Market, row: Protocol) -> dict[str, Any]:
    locked = _split(tvl, market, row, tvl.protocol_now(row))
    change = 4 * (uniform(market.seed, row.id, "change") - 0.5)
    return {
        **_about(row, market),
        "slug": row.slug,
        "tvl": sum(value for name, value in locked.items() if _is_base(name)),
        "chainTvls": locked,
        "change_1h": change / 20,
        "change_1d": change,
        "change_7d": change * 2,
        "tokenBreakdowns": {},
        "mcap": _mcap(row.gecko_id, market),
    }


def _about(row: Protocol, market: Market) -> dict[str, Any]:
    """What is said of a protocol wherever it appears; chains by their old names."""
    names = market.universe.chains
    chains = [names[name].protocol_name for name in row.chains]
    about: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "address": None,
        "symbol": row.symbol,
        "url": f"https://example.org/{row.slug}",
        "description": f"{row.name} as simulated by the sandbox.",
        "chain": chains[0] if len(chains) == 1 else "Multi-Chain",
        "logo": f"https://icons.llamao.fi/icons/protocols/{row.slug}",
        "audits": "2",
        "gecko_id": row.gecko_id,
        "cmcId": None,
        "category": row.category,
        "chains": chains,
        "module": f"{row.slug}/index.js",
        "twitter": None,
        "listedAt": int(midnight_ms(0) / 1000),
        "methodology": "Simulated.",
        "misrepresentedTokens": False,
        "tvlCodePath": f"https://example.org/projects/{row.slug}/index.js",
    }
    if row.parent:
        about["parentProtocol"] = row.parent
    return about


def _split(tvl: Tvl, market: Market, row: Protocol, whole: float) -> dict[str, float]:
    """Value by chain, and beside it what is borrowed and staked, which is not in the TVL."""
    names = market.universe.chains
    parts = {names[n].protocol_name: whole * part for n, part in tvl.weights(row).items()}
    beside: dict[str, float] = {}
    for kind, share in (("borrowed", row.borrowed), ("staking", row.staking)):
        if share:
            beside |= {f"{name}-{kind}": value * share for name, value in parts.items()}
            beside[kind] = whole * share
    return {**beside, **parts}


def _is_base(section: str) -> bool:
    return "-" not in section and section not in ("borrowed", "staking", "pool2", "vesting")


def _mcap(gecko_id: str | None, market: Market) -> float | None:
    coin = market.universe.coins.get(gecko_id or "")
    if coin is None:
        return None
    return float(market.at(coin, np.array([market.now])).cap[0])


def current_tvl(tvl: Tvl, market: Market, slug: str) -> Answer:
    """`/tvl/{slug}`: a bare number; a parent's is the sum of its children."""
    family = _family(tvl, market, slug)
    if not family:
        return errors.protocol_not_found()
    return json_answer(sum(tvl.protocol_now(row) for row in family))


def _family(tvl: Tvl, market: Market, slug: str) -> list[Protocol]:
    """The protocol of a slug, or the children of a parent of that slug."""
    rows = tvl.protocols()
    parent = market.universe.parents.get(slug)
    if parent is not None:
        return [row for row in rows if row.parent == parent.id]
    return [row for row in rows if row.slug == slug]


def protocol(tvl: Tvl, market: Market, slug: str) -> Answer:
    """`/protocol/{slug}`: whole history in all, per chain and per token.

    The last point carries the time of the call, beside today's midnight.
    """
    family = _family(tvl, market, slug)
    if not family:
        return errors.protocol_not_found()
    parent = market.universe.parents.get(slug)
    sections = _sections(tvl, market, family)
    stamps = [*seconds(np.arange(market.today + 1)), int(market.clock.timestamp())]
    history = {name: _points(stamps, values) for name, values in sections.items()}
    full = slug in BIG
    base = [values for name, values in sections.items() if _is_base(name)]
    whole = _points(stamps, np.sum(base, axis=0))
    first = family[0]
    about = _about_parent(parent, family, market) if parent else _about(first, market)
    body: dict[str, Any] = {
        **about,
        "chainTvls": {name: _section(points, full) for name, points in history.items()},
        **_section(whole, full),
        "currentChainTvls": {name: float(values[-1]) for name, values in sections.items()},
        "raises": [],
        "metrics": {},
        "mcap": _mcap(parent.gecko_id if parent else first.gecko_id, market),
    }
    return Answer(200, msgspec.json.encode(body))


def _about_parent(parent: Parent, family: list[Protocol], market: Market) -> dict[str, Any]:
    about = _about(family[0], market)
    about.pop("parentProtocol", None)
    names = market.universe.chains
    chains = {names[name].protocol_name for row in family for name in row.chains}
    return about | {
        "id": parent.id,
        "name": parent.name,
        "symbol": parent.symbol,
        "gecko_id": parent.gecko_id,
        "chains": sorted(chains),
        "isParentProtocol": True,
        "otherProtocols": [parent.name, *(row.name for row in family)],
    }


def _sections(tvl: Tvl, market: Market, family: Iterable[Protocol]) -> dict[str, Series]:
    """Section name to values at every midnight since the epoch and now (nan before the start)."""
    sections: dict[str, Series] = {}
    for row in family:
        index, values = tvl.protocol_days(row)
        whole = np.full(market.today + 2, np.nan)
        whole[index] = values
        whole[-1] = tvl.protocol_now(row)
        for name, part in _split(tvl, market, row, 1.0).items():
            before = sections.get(name)
            now = whole * part
            if before is not None:
                together = np.nansum([before, now], axis=0)
                now = np.where(np.isnan(before) & np.isnan(now), np.nan, together)
            sections[name] = now
    return sections


def _points(stamps: list[int], values: Series) -> list[tuple[int, float]]:
    rounded = np.round(values, 5).tolist()
    # a value that is not equal to itself is not there
    return [(date, value) for date, value in zip(stamps, rounded, strict=True) if value == value]


def _section(points: list[tuple[int, float]], full: bool) -> dict[str, list[dict[str, Any]]]:
    shown = points if full else points[-2:]
    share = 1.0 / len(TOKENS)
    return {
        "tvl": [{"date": date, "totalLiquidityUSD": value} for date, value in points],
        "tokensInUsd": [
            {"date": date, "tokens": dict.fromkeys(TOKENS, round(value * share, 5))}
            for date, value in shown
        ],
        "tokens": [
            {"date": date, "tokens": dict.fromkeys(TOKENS, round(value * share / 7, 5))}
            for date, value in shown
        ],
    }
