"""Reproducible random numbers: a value depends on the seed, a name and a position, nothing else.

They come from a counter that is hashed (SplitMix64), so any day's value is found without drawing
those before it, and it is the same on every platform and in every version of NumPy.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
Counter = NDArray[np.int64]


def _start(seed: int, names: tuple[str | int, ...]) -> np.uint64:
    text = "\x1f".join(str(part) for part in (seed, *names))
    return np.uint64(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little"))


def _mixed(start: np.uint64, positions: Counter) -> NDArray[np.uint64]:
    word = positions.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)))


def normals_at(seed: int, *names: str | int, positions: Counter) -> Series:
    """Nearly normal draws (mean 0, deviation 1, never beyond 3.5) at the positions of a stream."""
    word = _mixed(_start(seed, names), positions)
    lanes = (word >> np.uint64(shift) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48))
    total = sum(lanes, start=np.zeros(1, dtype=np.uint64)).astype(np.float64)
    return np.asarray((total / 65_535.0 - 2.0) * 3.0**0.5)


def normals(seed: int, *names: str | int, count: int) -> Series:
    """The first `count` draws of a stream."""
    return normals_at(seed, *names, positions=np.arange(count))


def uniform(seed: int, *names: str | int) -> float:
    """One number in [0, 1)."""
    return float(int(_start(seed, names)) / 2**64)


def wander(seed: int, *names: str | int, count: int, step: float, half_life: float) -> Series:
    """A path that drifts by `step` a day and is drawn back to zero within some half-lives.

    A half-life under 25 days would exceed the range of a float within the market's lifetime.
    """
    decay = _decay(count, half_life)
    return np.asarray(decay * np.cumsum(normals(seed, *names, count=count) * step / decay))


@lru_cache(maxsize=16)
def _decay(count: int, half_life: float) -> Series:
    return np.asarray(0.5 ** (np.arange(count) / half_life))


def significant(values: Series) -> Series:
    """Rounded to 40 bits (12 digits), so that the last bit of an exponential does not matter."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    return ((bits + (1 << 11)) & ~0xFFF).view(np.float64)
