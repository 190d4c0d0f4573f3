"""What shows when the vendor fails, or when the plugin is loaded; one cause is told once."""

from __future__ import annotations

import pytest

from datalake import Column, Unavailable

from .conftest import DAY, FEES, acme, complaints, days, fetch, listed, report
from .test_providers_that_are_wrong import swallows


def untyped(native_id, window, client):
    start, end = window.unix()
    rows = client.get("assets/{id}/fees", {"id": native_id, "from": start, "to": end})["data"]
    return {"time": [row["time"] for row in rows], "fees": [row["fees"] for row in rows]}


def by_place(native_id, window, client):
    columns = fetch(native_id, window, client)
    start, _ = window.unix()
    return {**columns, "time": [start + n * DAY for n in range(len(columns["time"]))]}


def raw(native_id, window, client):
    """The vendor's rows as they come."""
    start, end = window.unix()
    query = {"id": native_id, "from": start, "to": end}
    return client.get("assets/{id}/fees", query, into=dict)["data"]


def adds_up(*given):
    sums = {}
    for row in raw(*given):
        sums[row["time"]] = sums.get(row["time"], 0) + row["fees"]
    return {"time": list(sums), "fees": list(sums.values())}


def takes_text_for_nothing(*given):
    rows = raw(*given)
    fees = [row["fees"] if isinstance(row["fees"], float) else 0.0 for row in rows]
    return {"time": [row["time"] for row in rows], "fees": fees}


def covers_nothing_in_an_outage(asset, client):
    try:
        return listed(asset, client)
    except Unavailable:
        return None


def test_one_cause_is_told_once(samples):
    """Where nothing can be fetched, all that would need it is not tried; pytest skips it."""
    found = report(acme(fetch=lambda *given: {"days": []}), samples(), faults=True)
    failed = [one.check for one in found.outcomes if one.state.value == "failed"]
    assert failed == ["values"]
    untried = [one.advice for one in found.outcomes if one.state.value == "not tried"]
    assert set(untried) == {"not tried: fees.fetch fails, which is told above"}
    assert len(untried) == 5 + 41
    assert found.grade.name == "C"


FAULTY = {
    "goes by places": (by_place, "gaps", "dangerous", "of 2026-03-02 is 1021.25 instead of"),
    "breaks on another shape": (untyped, "shape", "failed", "Give `client.get` an `into=` type"),
    "adds up what comes twice": (adds_up, "duplicate", "dangerous", "instead of"),
    "makes a number of a text": (takes_text_for_nothing, "string", "dangerous", "is 0.0 instead"),
    "covers nothing in an outage": (
        covers_nothing_in_an_outage,
        "503",
        "dangerous",
        "resolve gave None, which says that it is not covered as if all were well",
    ),
    "takes what is no row": (swallows, "503", "dangerous", "'could not ask' must never look like"),
}


@pytest.mark.parametrize("mistake", FAULTY)
def test_a_mistake_that_only_faults_show(samples, mistake):
    """Each under the fault that shows it."""
    changed, fault, state, told = FAULTY[mistake]
    hook = "resolve" if changed is covers_nothing_in_an_outage else "fetch"
    found = report(acme(**{hook: changed}), samples(), faults=True)
    (one,) = [outcome for outcome in found.outcomes if outcome.check == f"fault {fault}"]
    assert one.state.value == state
    assert told in one.advice


def test_a_module_that_does_something_is_told(samples):
    """What the loader saw it do, and that it should not."""
    found = report(acme(), samples(), notes=["it printed while it was loaded: 'hello'"])
    assert "it printed while it was loaded: 'hello'. A plugin's module" in complaints(found)["name"]


def test_what_may_be_negative_is_let_in(samples):
    """A column without a minimum draws a note only where all that is known of it is positive."""
    columns = {"fees": Column("USD", "fees paid less what is paid back")}
    told = complaints(report(acme(columns=columns), samples(), faults=True))
    assert list(told) == ["fault negative"]
    assert "declare minimum=0 if it can never be" in told["fault negative"]
    body = days(fees={**FEES, 7: -1.5})
    assert complaints(report(acme(columns=columns), samples(body=body), faults=True)) == {}
