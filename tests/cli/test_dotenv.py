"""A `.env` that any user of the machine may read is said to be one, if there are keys in it."""

from __future__ import annotations

import pytest

KEYS = "LUNARCRUSH_API_KEY=canary-4711\n"
PLAN = ["plan", "--sandbox", "--providers", "coingecko", "--assets", "dogecoin"]


@pytest.mark.parametrize(
    ("text", "mode", "env", "told"),
    [
        (KEYS, 0o644, {}, True),
        (KEYS, 0o600, {}, False),
        (KEYS, 0o644, {"LUNARCRUSH_API_KEY": "another"}, False),
        ("GCP_PROJECT_ID=x\n", 0o644, {}, False),
    ],
    ids=["open", "closed", "not used", "no key in it"],
)
def test_keys_that_anybody_may_read(datalake, tmp_path, text, mode, env, told):
    """In one line, with what to do; it costs nothing else."""
    (tmp_path / ".env").write_text(text)
    (tmp_path / ".env").chmod(mode)
    done = datalake(*PLAN, **env)
    assert done.code == 0, done.err
    assert ("warning: anybody may read the keys in .env: chmod 600 .env" in done.err) is told
    assert "canary" not in done.err
