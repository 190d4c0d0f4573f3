"""Where to look: at a published file, and into the lake that it came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from ..errors import ConfigError, StoreError
from ..explaining.published import lake_of
from ..plugins import Registry
from ..publish import Place
from ..publish.place import in_words
from ..stores import Store
from .lake import Lake, look_into
from .shown import Shown, look


@frozen
class View:
    """A place, and the cache that the user named, if any; `open_lake` opens one by its URL, or the
    usual one."""

    place: Place
    cache: str | None
    registry: Registry
    open_lake: Callable[[str | None], Store]

    def look(self) -> tuple[Shown, Lake]:
        """What is published now, and what its lake knows of it.

        Raises ConfigError where it cannot be shown, StoreError.
        """
        shown = look(self.place)
        told = self.cache or lake_of(shown.file)
        try:
            store = self.open_lake(told)
        except ConfigError as error:
            if self.cache:
                raise
            return shown, Lake(trouble=[f"members, runs and numbers are not told: {error}"])
        return shown, look_into(store, shown, self.registry, told=told is not None)

    def seen(self, lake: Lake) -> Any:
        """What is another as soon as something new is published, or another run has ended.

        Raises StoreError.
        """
        try:
            return self.place.state(self.place.name), lake.newest_run()
        except OSError as error:
            raise StoreError(f"{self.place.url} cannot be read ({in_words(error)})") from error
