"""What plugin authors test with: conformance suites, to be subclassed."""

from .stores import StoreTests

__all__ = ["StoreTests"]
