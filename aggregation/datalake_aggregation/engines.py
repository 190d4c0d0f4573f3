"""The engines that frames may come from, and what narwhals leaves to each of them."""

from __future__ import annotations

from typing import Any, TypeAlias

#: A frame of any engine; of both kinds only what they share is used.
Frame: TypeAlias = Any  # nw.DataFrame[Any] | nw.LazyFrame[Any], whose methods mypy cannot unite
