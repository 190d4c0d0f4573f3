"""What the local server shows: the site in a folder of its own, kept up to date."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from ..errors import ConfigError
from ..explaining.explain import Inquiry
from .details import details
from .lake import Lake
from .site import Exported, export
from .view import View


@frozen
class State:
    """What is shown, what was written of it, and by what it is told from what comes later."""

    lake: Lake
    exported: Exported
    seen: Any

    @property
    def inquiry(self) -> Inquiry:
        """The file, open to questions. ConfigError where nothing says what it was made of."""
        if self.lake.inquiry is None:
            raise ConfigError("; ".join(self.lake.trouble))
        return self.lake.inquiry


@define
class Desk:
    """Keeps the site of a view in a folder."""

    view: View
    folder: Path
    page: Path
    _state: State | None = None
    _lock: threading.Lock = field(factory=threading.Lock)

    def current(self) -> State:
        """What is published, the site written anew if that is something new.

        Raises ConfigError where it cannot be shown, StoreError.
        """
        with self._lock:
            state = self._state
            if state is None or self.view.seen(state.lake) != state.seen:
                shown, lake = self.view.look()
                seen = self.view.seen(lake)
                api = lake.inquiry is not None
                state = State(lake, export(shown, lake, self.folder, self.page, api=api), seen)
                self._state = state
            return state

    def standing(self) -> State:
        """What pages were told of last, whatever was published since."""
        return self._state or self.current()

    def detail(self, edition: str, file: str) -> dict[str, Any]:
        """What the lake knows of one asset. Raises ConfigError, StoreError."""
        state = self.standing()
        overview = state.exported.overview
        if edition != state.exported.edition:
            raise ConfigError("something new is published: load the page again")
        for one in overview["assets"]:
            if one["file"] == file:
                (found,) = details(state.inquiry, [one["id"]], overview["closed_through"])
                return found
        raise ConfigError(f"there is no asset {file!r}")
