"""The DefiLlama API over the simulated market: paths to answers, free and paid."""

from __future__ import annotations

from attrs import evolve

from datalake_sandbox import defillama_chains as chains
from datalake_sandbox import defillama_errors as errors
from datalake_sandbox import defillama_protocols as protocols
from datalake_sandbox.auth import UPGRADE
from datalake_sandbox.defillama_dex import DexPages
from datalake_sandbox.dex import Dex
from datalake_sandbox.market import Market
from datalake_sandbox.messages import (
    TEXT,
    Access,
    Answer,
    Request,
    json_answer,
    routes,
    text_answer,
)
from datalake_sandbox.tvl import Tvl

MONTHLY_CREDITS = 1_000_000
PAID = (
    *("/overview/derivatives", "/summary/derivatives", "/overview/open-interest", "/emissions"),
    *("/emission/", "/raises", "/hacks", "/treasuries", "/historicalLiquidity", "/activeUsers"),
    *("/v2/metrics", "/v2/chart", "/entities", "/categories", "/forks", "/oracles"),
    *("/tokenProtocols", "/inflows", "/chainAssets"),
)
"""Beginnings of paths that only the paid host answers; the sandbox has no data for them."""


class DefiLlama:
    """Answers requests that were admitted."""

    def __init__(self, market: Market) -> None:
        tvl, dex = Tvl(market), Dex(market)
        trading = DexPages(market, dex, tvl)
        self._routes = routes(
            {
                "/protocols": lambda q: protocols.protocol_rows(tvl, market),
                "/protocol/{}": lambda slug, q: protocols.protocol(tvl, market, slug),
                "/tvl/{}": lambda slug, q: protocols.current_tvl(tvl, market, slug),
                "/v2/chains": lambda q: chains.chains(tvl),
                "/v2/historicalChainTvl": lambda q: chains.all_chains_history(tvl, market),
                "/v2/historicalChainTvl/{}": lambda name, q: chains.chain_history(tvl, name),
                "/overview/dexs": trading.overview,
                "/overview/dexs/{}": trading.chain_overview,
                "/summary/dexs/{}": trading.summary,
            }
        )

    def answer(self, request: Request, access: Access) -> Answer:
        """The answer to one request."""
        if access.path == "/usage":
            return json_answer({"creditsLeft": MONTHLY_CREDITS})
        if access.plan == "free" and access.path.startswith(PAID):
            return text_answer(UPGRADE, 402)
        found = self._routes.find(access.path)
        if found is None:
            return errors.no_route()
        handler, arguments = found
        answer = handler(*arguments, request.query)
        if answer.status != 200:
            return answer
        cached = evolve(answer, headers=(("Cache-Control", "public, max-age=600"),))
        # the paid host was seen to call its JSON plain text
        return cached if access.plan == "free" else evolve(cached, content_type=TEXT)
