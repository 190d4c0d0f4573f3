"""A small faithful Google Cloud Storage server: generations, preconditions, checksums, faults.

It keeps the rules that a store's safety rests on, which no emulator from the registries enforces
everywhere, and none of the others. `python tests/fake_gcs --bucket lake` serves one by itself.
"""

from .faults import Fault
from .routing import Request
from .server import FakeGcs

__all__ = ["FakeGcs", "Fault", "Request"]
