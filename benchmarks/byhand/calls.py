"""A first run's calls as others make them: `calls.py loop|dlt SANDBOX FILE`.

The file has a call a line, as `host/path?query`. Nothing is stored.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl

import requests

HEADERS = {
    "api.coingecko.com": {"x-cg-demo-api-key": "CG-demo"},
    "lunarcrush.com": {"Authorization": "Bearer individual"},
}


def loop(sandbox: str, urls: Sequence[str]) -> None:
    """One after another, each again as long as it is refused, after the wait that it is told."""
    session = requests.Session()
    for url in urls:
        headers = HEADERS.get(url.partition("/")[0], {})
        while True:
            answer = session.get(f"{sandbox}/{url}", headers=headers, timeout=60)
            if answer.status_code != 429:
                answer.json()
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))


def with_dlt(sandbox: str, urls: Sequence[str]) -> None:
    """By dlt's REST source: a source for each vendor, a resource for each call."""
    from dlt.sources.rest_api import rest_api_resources

    by_host: dict[str, list[str]] = {}
    for url in urls:
        host, _, path = url.partition("/")
        by_host.setdefault(host, []).append(path)
    for host, paths in by_host.items():
        client = {"base_url": f"{sandbox}/{host}/", "headers": HEADERS.get(host, {})}
        calls = [
            {
                "name": f"call_{number}",
                "endpoint": {
                    "path": path.partition("?")[0],
                    "params": dict(parse_qsl(path.partition("?")[2])),
                    "paginator": "single_page",
                    "data_selector": "$",
                    "response_actions": [
                        {"status_code": code, "action": "ignore"} for code in (400, 404)
                    ],
                },
            }
            for number, path in enumerate(paths)
        ]
        for resource in rest_api_resources({"client": client, "resources": calls}):
            for _ in resource:
                pass


if __name__ == "__main__":
    way, place, file = sys.argv[1:]
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    {"loop": loop, "dlt": with_dlt}[way](place, lines)
