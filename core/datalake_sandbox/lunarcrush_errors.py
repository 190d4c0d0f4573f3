"""LunarCrush's error answers: JSON objects with one text, `error`.

The words for an unknown coin are a guess, for want of a recording.
"""

from __future__ import annotations

from datalake_sandbox.messages import Answer, json_answer


def unknown_coin() -> Answer:
    return json_answer({"error": "Coin not found"}, 404)


def unknown_endpoint() -> Answer:
    return json_answer({"error": "endpoint not found"}, 404)


def old_endpoint() -> Answer:
    """What /api3 and other dead versions say."""
    return json_answer({"error": "Invalid endpoint (2)"}, 404)


def invalid_parameter(name: str) -> Answer:
    return json_answer({"error": f"Error: Invalid input parameter: {name}"}, 400)
