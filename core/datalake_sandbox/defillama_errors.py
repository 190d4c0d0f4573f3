"""DefiLlama's error answers: plain text, with the statuses that its source uses.

Its OpenAPI document promises 404 for unknown names; the source answers 400, and so does this.
"""

from __future__ import annotations

from datalake_sandbox.messages import Answer, text_answer


def protocol_not_found() -> Answer:
    return text_answer("Protocol not found", 400)


def chain_not_found() -> Answer:
    return text_answer("There is no chain with that name", 400)


def no_dexs(slug: str) -> Answer:
    return text_answer(
        f"Dexs for {slug} not found, please visit /overview/dexs to see available protocols", 400
    )


def internal() -> Answer:
    """What /overview/dexs says to a chain that it does not know."""
    return text_answer("Internal server error", 500)


def no_route() -> Answer:
    return text_answer("404 page not found", 404)


def unknown_name(path: str) -> Answer:
    """How an unknown name is answered at a path."""
    first, _, rest = path.lstrip("/").partition("/")
    if first in ("protocol", "tvl"):
        return protocol_not_found()
    if first == "v2" and rest.startswith("historicalChainTvl"):
        return chain_not_found()
    if first == "summary":
        return no_dexs(rest.rpartition("/")[2])
    return internal() if first == "overview" else no_route()
