"""The rules a column can have: each says which members' values enter a cell.

A cell is the sum of the values that enter it, and null when none does. The rows a rule looks at
carry `_kind`, `_excluded` (by the de-peg guard) and, for rules that pick, a flag on the picked
one: names that no column of a mapping can have.
"""

from __future__ import annotations

from typing import Protocol

import narwhals.stable.v2 as nw
from attrs import frozen

LARGEST_VOLUME = "largest-volume"
MEMBERS = "members"


class How(Protocol):
    """What a rule must be able to say of itself."""

    @property
    def text(self) -> str:
        """The rule as it is written in YAML, without its source."""

    @property
    def needs_members(self) -> bool:
        """Whether variants' values are needed, not only the native asset's."""

    @property
    def adds(self) -> bool:
        """Whether more than one row may enter a cell."""

    @property
    def picks(self) -> bool:
        """Whether rows must carry the flag `picked(column)`."""

    def enters(self, column: str) -> nw.Expr:
        """Return the condition that a row's value of `column` enters its cell."""

    def relies_on(self, kind: str) -> bool:
        """Whether a cell is wrong, not only missing, while a member of this kind is not had."""


def picked(column: str) -> str:
    """Return the name of the flag on the one row that stands in for native's value."""
    return f"picked {column}"


def _is_native() -> nw.Expr:
    return nw.col("_kind") == "native"


@frozen
class Native:
    """The native asset's value, and nothing else."""

    text = "{from: native}"
    needs_members = False
    adds = False
    picks = False

    def enters(self, column: str) -> nw.Expr:
        return _is_native()

    def relies_on(self, kind: str) -> bool:
        return False


@frozen
class NativeElseLargestVolume:
    """The native asset's value; without one, that of the variant with the largest volume."""

    text = "{from: native, else: largest-volume}"
    needs_members = True
    adds = False
    picks = True

    def enters(self, column: str) -> nw.Expr:
        return _is_native() | nw.col(picked(column))

    def relies_on(self, kind: str) -> bool:
        # a variant stands in where native has no price, not where native's could not be had
        return kind == "native"


@frozen
class NativePlus:
    """What is known of the native asset and of the variants of some kinds, added up."""

    kinds: tuple[str, ...]
    needs_members = True
    adds = True
    picks = False

    @property
    def text(self) -> str:
        kinds = self.kinds[0] if len(self.kinds) == 1 else f"[{', '.join(self.kinds)}]"
        return f"{{from: native, plus: {kinds}}}"

    def enters(self, column: str) -> nw.Expr:
        return nw.col("_kind").is_in(["native", *self.kinds])

    def relies_on(self, kind: str) -> bool:
        return kind == "native" or kind in self.kinds


@frozen
class SumOfMembers:
    """All members' values added up, those excluded by the guard left out."""

    text = "{sum: members}"
    needs_members = True
    adds = True
    picks = False

    def enters(self, column: str) -> nw.Expr:
        return ~nw.col("_excluded")

    def relies_on(self, kind: str) -> bool:
        return True
