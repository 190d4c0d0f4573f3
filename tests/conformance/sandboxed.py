"""The built-in providers, led to a sandbox as if that were the real API; and samples of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from attrs import evolve

from datalake import Asset, Provider
from datalake.conformance.trying import Bench
from datalake.plugins import load
from datalake_sandbox import Sandbox

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
#: The day that is looked up in the answers, and the midnight that ends it.
DAY = "2026-03-10"
MIDNIGHT = int(datetime(2026, 3, 10, tzinfo=timezone.utc).timestamp())
END = MIDNIGHT + 86_400
ETHEREUM = Asset("ethereum", "eth", "Ethereum")


def led_to(sandbox: Sandbox, provider: Provider) -> Provider:
    """The provider, its plans at the sandbox; whoever uses it takes that for the vendor."""
    plans = [
        evolve(plan, base_url=plan.base_url.replace(origin, place))
        for plan in provider.plans
        for origin, place in sandbox.hosts.items()
        if f"{plan.base_url}/".startswith(f"{origin}/")
    ]
    return evolve(provider, plans=plans)


def bench(sandbox: Sandbox, environment: Mapping[str, str] | None = None) -> Bench:
    """Everything that is installed, with the sandbox's keys and clock."""
    return Bench(load(), environment or sandbox.environment, lambda: NOW)


def record(sandbox: Sandbox, name: str, folder: Path) -> Path:
    """Samples of a built-in provider, with a day looked up in them by the vendor's documents."""
    provider = load().provider(name)
    assets = [ETHEREUM, Asset("uniswap")]
    if name == "lunarcrush":  # it goes by the size, too
        (coin,) = [c for c in listed(sandbox) if c["name"] == "Ethereum"]
        assets = [evolve(ETHEREUM, market_cap=coin["market_cap"])]
    bench(sandbox).record(led_to(sandbox, provider), folder, assets)
    index = json.loads((folder / "index.json").read_text())
    bodies = {asked: _body(folder, entry) for asked, entry in index["answers"].items()}
    index["known"] = {name: {DAY: told} for name, told in LOOKED_UP[name](bodies).items()}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def listed(sandbox: Sandbox) -> list[Any]:
    """LunarCrush's list."""
    import requests

    key = {"Authorization": f"Bearer {sandbox.environment['LUNARCRUSH_API_KEY']}"}
    place = sandbox.hosts["https://lunarcrush.com"]
    return requests.get(f"{place}/api4/public/coins/list/v1", headers=key, timeout=60).json()[
        "data"
    ]


def _body(folder: Path, entry: Any) -> Any:
    return json.loads((folder / (entry if isinstance(entry, str) else entry["file"])).read_text())


def _of(bodies: Mapping[str, Any], part: str) -> Any:
    return next(body for asked, body in bodies.items() if part in asked)


def _coingecko(bodies: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Charts and candles are stamped with the midnight that ends their day."""
    chart = _of(bodies, "ethereum/market_chart")
    candles = {row[0]: row for row in _of(bodies, "ethereum/ohlc")}
    return {
        "market": {"price": dict(chart["prices"])[END * 1000]},
        "ohlc": {"close": candles[END * 1000][4]},
    }


def _defillama(bodies: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """A day is called by the midnight that begins it."""
    chain = {row["date"]: row["tvl"] for row in _of(bodies, "historicalChainTvl")}
    tvl = _of(bodies, "protocol/uniswap")["tvl"]
    protocol = {row["date"]: row["totalLiquidityUSD"] for row in tvl}
    volume = dict(_of(bodies, "overview/dexs/Ethereum")["totalDataChart"])
    return {
        "chain_tvl": {"tvl": chain[MIDNIGHT]},
        "protocol_tvl": {"tvl": protocol[MIDNIGHT]},
        "dex_volume": {"volume": volume[MIDNIGHT]},
    }


def _lunarcrush(bodies: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """A bucket is stamped with its start."""
    days = {row["time"]: row for row in _of(bodies, "time-series")["data"]}
    return {"social": {"galaxy_score": days[MIDNIGHT]["galaxy_score"]}}


LOOKED_UP = {"coingecko": _coingecko, "defillama": _defillama, "lunarcrush": _lunarcrush}
