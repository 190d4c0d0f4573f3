"""DefiLlama's protocol pages: the list of all, one with its whole history, and a bare number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from datalake_sandbox import defillama_errors as errors
from datalake_sandbox.defillama_chains import seconds
from datalake_sandbox.market import Market, midnight_ms
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.noise import Series, uniform
from datalake_sandbox.tvl import Tvl
from datalake_sandbox.universe import Parent, Protocol

TOKENS = ("WETH", "WBTC", "USDC", "USDT", "DAI", "LINK", "WSTETH", "AAVE", "GHO", "WEETH")
BIG = frozenset({"aave", "aave-v3"})
"""Slugs whose `tokens` sections cover the whole history, as the large real answers do."""


class Locked(msgspec.Struct, gc=False):
    """A point of a protocol's history."""

    date: int
    totalLiquidityUSD: float  # noqa: N815  # the vendor's name


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
    return json_answer(body)


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


def _points(stamps: list[int], values: Series) -> list[Locked]:
    there = np.flatnonzero(~np.isnan(values)).tolist()
    rounded = np.round(values, 5).tolist()
    return [Locked(stamps[place], rounded[place]) for place in there]


def _section(points: list[Locked], full: bool) -> dict[str, Any]:
    """The three histories of a section; `tokens` in full only for the big ones."""
    shown = points if full else points[-2:]
    share = 1.0 / len(TOKENS)

    def tokens(scale: float) -> list[dict[str, Any]]:
        return [
            {
                "date": point.date,
                "tokens": dict.fromkeys(TOKENS, round(point.totalLiquidityUSD * scale, 5)),
            }
            for point in shown
        ]

    return {
        "tvl": points,
        "tokensInUsd": msgspec.Raw(msgspec.json.encode(tokens(share))),
        "tokens": msgspec.Raw(msgspec.json.encode(tokens(share / 7))),
    }
