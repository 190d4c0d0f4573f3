"""A whole store at once: how it is opened, what lies in it, whether it is sound, how it travels."""

from .opening import open_lake

__all__ = ["open_lake"]
