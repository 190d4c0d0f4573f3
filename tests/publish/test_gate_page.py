"""What docs/explanation/gate.md says of the bounds is what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datalake.errors import ConfigError
from datalake.publish import GateRules
from datalake.settings import read_settings

TEXT = (Path(__file__).parents[2] / "docs" / "explanation" / "gate.md").read_text(encoding="utf-8")


def settings(tmp_path, text):
    path = tmp_path / "datalake.toml"
    path.write_text(text)
    return read_settings(path)


def test_the_page_shows_the_defaults(tmp_path):
    """Its example is read as settings, and changes nothing."""
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert settings(tmp_path, example).gate == GateRules()
    assert settings(tmp_path, "").gate == GateRules()


def test_one_bound_is_moved_and_the_others_stay(tmp_path):
    """A jump of one column does not undo those of the others."""
    rules = settings(tmp_path, "[gate]\nmax_share = 0.1\n[gate.jump]\nclose = 5\n").gate
    assert (rules.max_share, rules.min_ratio) == (0.1, 0.9)
    assert (rules.jump["close"], rules.jump["volume"]) == (5, 300)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_share = 1.5", "max_share must lie between 0 and 1, not 1.5"),
        ("stale_days = -1", "stale_days must be 0 or more, not -1"),
        ("max_shares = 0.1", "did you mean"),
        ("[gate.jump]\nclose = 1", "jump: close must be more than 1, not 1"),
        ("[gate.jump]\nclose = 'far'", "must be a number, not 'far'"),
    ],
)
def test_a_bound_that_cannot_be_meant_is_told(tmp_path, text, words):
    """With the file and the place in it."""
    with pytest.raises(ConfigError, match=re.escape(words)) as error:
        settings(tmp_path, f"[gate]\n{text}\n")
    assert "datalake.toml: gate" in str(error.value)
