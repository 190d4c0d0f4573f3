"""DefiLlama's chain pages: which chains there are, and what was locked on them."""

from __future__ import annotations

import msgspec
import numpy as np

from datalake_sandbox import defillama_errors as errors
from datalake_sandbox.market import DAY_SECONDS, Market, midnight_ms
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.noise import Series
from datalake_sandbox.tvl import Index, Tvl


class ChainPoint(msgspec.Struct, gc=False):
    """A point of a chain's history."""

    date: int
    tvl: int


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
    whole: list[int] = np.round(values).astype(np.int64).tolist()
    return json_answer(list(map(ChainPoint, seconds(index), whole)))
