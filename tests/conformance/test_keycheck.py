"""`datalake providers check` asks once, and tells a refused key from silence."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from datalake import ConfigError, Quota, Rate
from datalake.plugins import Plugin, Registry
from datalake.running.keycheck import check_keys
from datalake.running.options import Options
from datalake.running.vendors import Vendors

from ..cli.conftest import Line, session
from .conftest import NOW, acme
from .test_recording import KEY, talkative, vendor


def checked(answer, *, key=KEY, names=None, **changed):
    """What is said of acme, and the requests that it took."""
    with vendor(answer) as (url, asked):
        provider = acme(base_url=f"{url}/x/v1", rate=Rate(60_000), **changed)
        plans = [
            evolve(plan, usage_url=f"{url}/x/usage" if provider.usage else None)
            for plan in provider.plans
        ]
        provider = evolve(provider, plans=plans)
        registry = Registry([Plugin("acme", "datalake-acme", "0.1.0", providers=[provider])])
        found = check_keys(
            registry,
            Options(cache="memory:", output="", providers=names),
            {"ACME_API_KEY": key} if key else {},
            Vendors(clock=lambda: NOW),
        )
    return found, asked


@pytest.fixture(autouse=True)
def _own_pace(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_key_that_works(tmp_path):
    """One call, though finding the asset and its days would take two."""
    ((one,), asked) = checked(talkative)
    assert (one.provider, one.plan, one.state) == ("acme", "free", "ok")
    assert one.detail == "ACME_API_KEY is taken"
    assert [request.path for request in asked] == ["/v1/assets"]


def test_the_vendors_own_page_is_asked_where_there_is_one():
    """It says the most for one call."""
    usage = lambda answer: Quota(limit=100, left=answer["left"])  # noqa: E731
    ((one,), asked) = checked(lambda request: (200, {"left": 7}), usage=usage)
    assert one.state == "ok"
    assert [request.path for request in asked] == ["/usage"]


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_key_that_is_refused(status):
    """With what the vendor says, and without the key; it is not tried again."""
    ((one,), asked) = checked(lambda request: (status, {"error": f"no: {request.headers}"}))
    assert one.state == "refused"
    assert "key from ACME_API_KEY: check both; keys: https://acme.example/keys" in one.detail
    assert KEY not in one.detail
    assert len(asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_no_answer_says_nothing_of_the_key(status):
    """Neither good nor bad; one call is one call."""
    ((one,), asked) = checked(lambda request: (status, {}))
    assert one.state == "silent"
    assert len(asked) == 1


def test_a_provider_that_breaks_costs_itself():
    """It is told by name."""
    ((one,), _) = checked(talkative, resolve=lambda asset, client: {}[asset.id])
    assert (one.state, one.detail) == ("silent", "acme broke with KeyError: 'bitcoin'")


def test_a_missing_key():
    """Left out among all; a mistake where it was asked for by name."""
    ((one,), asked) = checked(talkative, key="")
    assert (one.state, asked) == ("skipped", [])
    assert "set ACME_API_KEY" in one.detail
    with pytest.raises(ConfigError, match="set ACME_API_KEY"):
        checked(talkative, key="", names=["acme"])


def test_the_command(tmp_path):
    """Against the sandbox: a table and JSON; exit code 2 where a named one lacks its key."""
    lines = {
        "table": Line(["providers", "check", "--sandbox"]),
        "json": Line(["providers", "check", "coingecko", "--sandbox", "--format", "json"]),
        "no key": Line(["providers", "check", "lunarcrush"]),
    }
    done = session(tmp_path, lines)
    assert done["table"].code == 0
    assert "LUNARCRUSH_API_KEY is taken" in done["table"].out
    (one,) = json.loads(done["json"].out)
    assert one == {
        "provider": "coingecko",
        "plan": "pro",
        "state": "ok",
        "detail": "COINGECKO_PRO_API_KEY is taken",
    }
    assert done["no key"].code == 2
    assert done["no key"].err.startswith("error: no key for LunarCrush: set LUNARCRUSH_API_KEY")
