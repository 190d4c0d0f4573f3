"""Figures as people write them."""

import pytest

from datalake.cli.numbers import behind


@pytest.mark.parametrize(
    ("days", "assets", "told"),
    [(0, 0, ""), (0, 1, "1 asset"), (0, 1_200, "1,200 assets"), (3, 5, "3 d")],
)
def test_how_far_a_column_is_behind(days, assets, told):
    """Days of all of it count before some of its assets."""
    assert behind(days, assets) == told
