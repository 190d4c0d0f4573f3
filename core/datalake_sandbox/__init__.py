"""A local server that speaks the three vendors' APIs over a simulated market.

It shares no code with the providers, so that a mistake cannot cancel itself out. Any well-formed
key is accepted (see `auth`); nothing leaves loopback. Market and answers are a function of seed
and clock alone; only rate limits, and the stamps that tell of them, run on real time.
"""

from __future__ import annotations

from datalake_sandbox.fault_names import KINDS
from datalake_sandbox.faults import Fault
from datalake_sandbox.recordings import recordings_clock
from datalake_sandbox.sandbox import Sandbox

__all__ = ["KINDS", "Fault", "Sandbox", "recordings_clock"]
