"""The vendors' hosts: whose they are, who may enter, and how their addresses are logged."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import frozen

from datalake_sandbox import auth
from datalake_sandbox.messages import Request


@frozen
class Host:
    """One vendor host and its door."""

    vendor: str
    authenticate: auth.Authenticator


HOSTS: Mapping[str, Host] = {
    "api.coingecko.com": Host("coingecko", auth.coingecko_public),
    "pro-api.coingecko.com": Host("coingecko", auth.coingecko_pro),
    "api.llama.fi": Host("defillama", auth.defillama_free),
    "pro-api.llama.fi": Host("defillama", auth.defillama_pro),
    "lunarcrush.com": Host("lunarcrush", auth.lunarcrush),
}
_KEY_IN_PATH = re.compile(r"^/(?:usage/)?([^/]+)")


def subject(request: Request) -> str:
    """`host/path?query` without secrets: what fault patterns match and the log shows."""
    path = request.path
    if request.host == "pro-api.llama.fi":
        key = _KEY_IN_PATH.match(path)
        if key and key[1] != "api":
            path = path[: key.start(1)] + "KEY" + path[key.end(1) :]
    items = [f"{name}={value}" for name, value in request.query.items() if not _secret(name)]
    return request.host + path + ("?" + "&".join(items) if items else "")


def _secret(name: str) -> bool:
    return "key" in name.lower() or "token" in name.lower()
