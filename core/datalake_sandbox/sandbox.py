"""The sandbox as others use it: a context with an address, keys and a log."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

from datalake_sandbox.coingecko import CoinGecko
from datalake_sandbox.defillama import DefiLlama
from datalake_sandbox.faults import Fault, FaultPlan
from datalake_sandbox.hosts import HOSTS
from datalake_sandbox.limits import Limits
from datalake_sandbox.lunarcrush import LunarCrush
from datalake_sandbox.market import Market
from datalake_sandbox.recordings import Recordings
from datalake_sandbox.server import LoopbackServer
from datalake_sandbox.service import Service, Vendor
from datalake_sandbox.universe import load_universe

VENDORS = ("coingecko", "defillama", "lunarcrush")
RATE_SCALES = {"fast": 100.0, "real": 1.0}
KEYS = {
    "COINGECKO_PRO_API_KEY": "CG-sandbox-pro",
    "COINGECKO_DEMO_API_KEY": "CG-sandbox-demo",
    "DEFILLAMA_API_KEY": "sandbox-defillama-pro",
    "LUNARCRUSH_API_KEY": "sandbox-lunarcrush",
    "LUNARCRUSH_PLAN": "scale",
}


def _recorded(path: Path) -> dict[str, Vendor]:
    return {name: Recordings(path, name) for name in VENDORS}


def _simulated(clock: datetime, seed: int) -> dict[str, Vendor]:
    market = Market(load_universe(), seed, clock)
    return {
        "coingecko": CoinGecko(market),
        "defillama": DefiLlama(market),
        "lunarcrush": LunarCrush(market),
    }


class Sandbox:
    """CoinGecko, DefiLlama and LunarCrush on loopback, over a simulated market.

    `clock` (aware) is the moment at which the market stands still for the life of the sandbox;
    the same seed and clock give the same bytes. `rates` is "fast" (100 times the plans' limits)
    or "real". `counting` is how limits are enforced: in a "sliding" window, in "fixed" minutes of
    the clock, or by a strict token "bucket". `recordings` serves a folder of recorded responses
    instead of the market; `faults` are injected. `port` 0 takes a free one. Use it as a context
    manager; it serves from `__enter__` to `__exit__`.
    """

    def __init__(
        self,
        clock: datetime,
        seed: int = 0,
        rates: Literal["fast", "real"] = "fast",
        recordings: Path | None = None,
        faults: Sequence[Fault] = (),
        *,
        counting: Literal["sliding", "fixed", "bucket"] = "sliding",
        port: int = 0,
    ) -> None:
        if rates not in RATE_SCALES:
            raise ValueError(f'rates must be "fast" or "real", not {rates!r}')
        self.rate_scale = RATE_SCALES[rates]
        self._keys = {} if recordings else KEYS
        vendors = _recorded(recordings) if recordings else _simulated(clock, seed)
        self._plan = FaultPlan(faults, seed)
        limits = Limits(self.rate_scale, counting)
        self._service = Service(vendors, limits, self._plan, seed)
        self._nobody: socket.socket | None = None
        self._port = port
        self._server: LoopbackServer | None = None

    def __enter__(self) -> Sandbox:
        try:
            self._server = LoopbackServer(self._port, self._service)
        except OSError as error:
            raise OSError(
                error.errno,
                f"the sandbox cannot listen on 127.0.0.1:{self._port}: {error.strerror}",
            ) from error
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))  # and never listens
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        server, self._server = self._running(), None
        server.close()
        if self._nobody:
            self._nobody.close()

    def _running(self) -> LoopbackServer:
        if self._server is None:
            raise RuntimeError("the sandbox is not serving: use `with Sandbox(…) as sandbox:`")
        return self._server

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self._running().url

    @property
    def hosts(self) -> dict[str, str]:
        """Each vendor's origin and the loopback prefix that stands for it; for one that faults
        make unreachable, a port where nobody listens, or a name that nobody has."""
        return {f"https://{host}": self._place(host) for host in HOSTS}

    def _place(self, host: str) -> str:
        trouble = self._plan.unreachable(host)
        if trouble == "no-host":
            return f"https://{host}.invalid"
        if trouble == "refused" and self._nobody:
            return f"http://127.0.0.1:{self._nobody.getsockname()[1]}/{host}"
        return f"{self.url}/{host}"

    @property
    def environment(self) -> dict[str, str]:
        """Built-in keys and plans, as a user would set them; none over recordings (keyless)."""
        return dict(self._keys)

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """Method, `host/path?query` without secrets, and status of every request so far."""
        return list(self._service.log)

    def serve_forever(self) -> None:
        """Block until the sandbox is closed, or the user interrupts."""
        self._running().wait()
