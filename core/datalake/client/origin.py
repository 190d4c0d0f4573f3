"""Where a plan's calls go: the vendor's origin over https, or a stand-in on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..errors import ConfigError
from ..models import Plan

#: How requests writes the `{key}` of a plan's `base_url`.
KEY_IN_PATH = "%7Bkey%7D"


def base_url(plan: Plan, origins: Mapping[str, str]) -> str:
    """The plan's base URL without a slash at its end, its origin replaced as `origins` says.

    Raises ConfigError for what is neither https nor this machine: a key must not travel so.
    """
    parts = urlsplit(plan.base_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    base = origins.get(origin, origin).rstrip("/") + parts.path.rstrip("/")
    there = urlsplit(base)
    if there.username or there.password:
        raise ConfigError(f"plan {plan.name}: no user or password may stand in a base URL")
    if there.scheme != "https" and not (there.scheme == "http" and _is_here(there.hostname)):
        where = f"{there.scheme}://{there.hostname}"
        raise ConfigError(f"plan {plan.name}: {where} is neither https nor this machine")
    return base.replace("{key}", KEY_IN_PATH)


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
