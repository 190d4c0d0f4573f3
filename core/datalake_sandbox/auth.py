"""Who may ask what: each vendor's keys, hosts and plans, with its own refusals.

Any well-formed key is accepted, so that a user's real keys work here too and go no further than
loopback. A key that contains "wrong" is refused as the vendor refuses an unknown one; one that
contains "demo" is a demo key to CoinGecko; "hobby", "individual" and "builder" in a LunarCrush key
choose that plan, any other key is of the plan "scale".
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from datalake_sandbox import coingecko_errors as coingecko
from datalake_sandbox.messages import Access, Answer, Request, json_answer, text_answer

COINGECKO_PER_MINUTE = {"pro": 500, "demo": 30, "keyless": 5}
DEFILLAMA_PER_MINUTE = {"pro": 1000, "free": 300}
LUNARCRUSH_LIMITS = {
    "hobby": (4, 100),
    "individual": (10, 2_000),
    "builder": (100, 20_000),
    "scale": (500, 100_000),
}
UPGRADE = "Upgrade to the paid API plan at https://defillama.com/subscription"

Authenticator = Callable[[Request], "Access | Answer"]


def _bucket(vendor: str, key: str) -> str:
    return f"{vendor}:{sha256(key.encode()).hexdigest()[:16]}"


def _refused(key: str) -> bool:
    return "wrong" in key.lower() or not key.isprintable() or any(c.isspace() for c in key)


def _coingecko_key(request: Request, plan: str) -> str:
    header = request.headers.get(f"x-cg-{plan}-api-key", "")
    return header or request.query.get(f"x_cg_{plan}_api_key", "")


def coingecko_pro(request: Request) -> Access | Answer:
    """The paid host: nothing without a key, and no demo keys."""
    key = _coingecko_key(request, "pro")
    if not key or _refused(key):
        return coingecko.key_missing()
    if "demo" in key.lower():
        return coingecko.demo_key_on_pro_host()
    return _coingecko(request, "pro", key)


def coingecko_public(request: Request) -> Access | Answer:
    """The public host: demo keys, or none; a key in the paid header is sent away."""
    if _coingecko_key(request, "pro"):
        return coingecko.pro_key_on_public_host()
    key = _coingecko_key(request, "demo")
    if not key:
        return _coingecko(request, "keyless", request.client)
    return coingecko.key_missing() if _refused(key) else _coingecko(request, "demo", key)


def _coingecko(request: Request, plan: str, key: str) -> Access:
    return Access(
        plan=plan,
        bucket=_bucket(f"coingecko-{plan}", key),
        path=request.path,
        per_minute=COINGECKO_PER_MINUTE[plan],
    )


def defillama_free(request: Request) -> Access | Answer:
    """The free host: anybody, counted by address."""
    return Access(
        plan="free",
        bucket=_bucket("defillama-free", request.client),
        path=request.path,
        per_minute=DEFILLAMA_PER_MINUTE["free"],
    )


def defillama_pro(request: Request) -> Access | Answer:
    """The paid host: the key is the first segment of the path, or the last one of /usage."""
    first, _, rest = request.path.lstrip("/").partition("/")
    key, path = (rest, "/usage") if first == "usage" else (first, "/" + rest)
    if not key or key == "api" or not (path == "/usage" or path.startswith("/api/")):
        return text_answer(UPGRADE, 402)
    if _refused(key):
        return text_answer("Invalid API key", 401)
    return Access(
        plan="pro",
        bucket=_bucket("defillama-pro", key),
        path=path.removeprefix("/api"),
        per_minute=DEFILLAMA_PER_MINUTE["pro"],
    )


def lunarcrush(request: Request) -> Access | Answer:
    """Only `Authorization: Bearer KEY` counts, and a client that names itself."""
    if not request.headers.get("user-agent"):
        return text_answer("error code: 1010", 403)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key or _refused(key):
        return json_answer({"error": "Unauthorized"}, 401)
    plan = next((name for name in LUNARCRUSH_LIMITS if name in key.lower()), "scale")
    per_minute, per_day = LUNARCRUSH_LIMITS[plan]
    return Access(
        plan=plan,
        bucket=_bucket("lunarcrush", key),
        path=request.path,
        per_minute=per_minute,
        per_day=per_day,
    )
