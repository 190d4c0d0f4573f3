"""The lake that a published file came from: the runs that it tells of, and what made the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from ..errors import ConfigError, StoreError
from ..explaining.explain import Inquiry, inquire
from ..plugins import Registry
from ..running.reporting import kept
from ..stores import Store
from .runs import reports
from .shown import Shown


@frozen(eq=False)
class Lake:
    """The reports of its newest runs, and the file opened to questions, if it can be. `trouble`
    says in sentences what is not known; `store` is where the lake is, if it is one of the file."""

    store: Store | None = None
    reports: Sequence[Mapping[str, Any]] | None = field(default=None, repr=False)
    inquiry: Inquiry | None = None
    trouble: Sequence[str] = ()

    def newest_run(self) -> str | None:
        """The last of its runs by now. Raises StoreError."""
        runs = kept.runs(self.store) if self.store else []
        return runs[0].run_id if runs else None


def look_into(store: Store, shown: Shown, registry: Registry, *, told: bool) -> Lake:
    """What a store knows of a published file.

    Unless somebody `told` that it is the file's lake, it has to have the record of a run that made
    the file: the runs of another lake would be shown in their place.
    """
    trouble: list[str] = []
    inquiry: Inquiry | None = None
    try:
        inquiry = inquire(shown.file, store, registry)
    except (ConfigError, StoreError) as error:
        trouble.append(f"members are not told and numbers not explained: {error}")
    if inquiry is None and not told:
        return Lake(trouble=[*trouble, f"runs are not told: {store.url} does not know the file"])
    try:
        return Lake(store, reports(store), inquiry, trouble)
    except StoreError as error:
        return Lake(store, None, inquiry, [*trouble, f"runs are not told: {error}"])
