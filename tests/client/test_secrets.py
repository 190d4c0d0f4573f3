"""Keys: how they are refused, hidden and scrubbed."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.errors import ConfigError
from datalake.secrets import ScrubFilter, Secret, scrub

# the mask itself is stars: a key with stars in it could seem to stand in what is masked
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"))
KEYS = VALUES.filter(lambda value: len(value) >= 6)


@pytest.mark.parametrize("bad", ["", "qq ww", "qqww\n", "\tqqww", "qqéww", "\x00qqww", "qqww\x7f"])
def test_what_is_no_key_is_refused_without_showing_it(bad):
    """The message names the variable, never the value."""
    with pytest.raises(ConfigError) as caught:
        Secret(bad, "VENDOR_API_KEY")
    assert "VENDOR_API_KEY" in str(caught.value)
    assert "qq" not in str(caught.value)


def test_a_secret_shows_itself_nowhere():
    """Neither printing, nor formatting, nor copying, nor pickling gives the value away."""
    secret = Secret("c4nary-key", "K")
    assert f"{secret} {secret!r} {[secret]} {secret:>5}".count("***") == 4
    assert "c4nary" not in f"{secret} {secret!r} {[secret]} {secret:>5}"
    for how in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            how(secret)
    assert secret.reveal() == "c4nary-key"


@given(KEYS, st.text(), st.text(), st.booleans())
def test_scrubbing_leaves_no_form_of_the_key(value, before, after, shout):
    """Raw, quoted, in JSON or base64, in any case and wherever it stands: it is gone."""
    plain = base64.b64encode(value.encode()).decode()
    forms = [value, quote(value), quote(value, safe=""), json.dumps(value)[1:-1]]
    forms += [plain, plain.rstrip("="), base64.urlsafe_b64encode(value.encode()).decode()]
    text = before + after.join(forms) + after
    clean = scrub(text.upper() if shout else text, [Secret(value, "K")])
    for form in forms:
        assert form.rstrip("=").lower() not in clean.lower()


@given(st.text(alphabet="abcdefgh .,:/"))
def test_scrubbing_leaves_other_texts_alone(text):
    """A text without the key stays as it is, and so does any text where there are no keys."""
    assert scrub(text, [Secret("Z9-canary", "K")]) == text
    assert scrub(text, []) == text


def test_a_key_that_begins_like_another_is_scrubbed_whole():
    """The longer one goes first, or its end would be left over."""
    assert scrub("a k3y-1-long b", [Secret("k3y-1", "A"), Secret("k3y-1-long", "B")]) == "a *** b"


def logged(caplog, *args, **kwargs) -> str:
    """What a handler with the filter writes of one record."""
    secret = Secret("c4nary/key", "K")
    caplog.handler.addFilter(scrubber := ScrubFilter([secret]))
    logging.getLogger("any").error(*args, **kwargs)
    caplog.handler.removeFilter(scrubber)
    return caplog.text


def test_log_lines_are_scrubbed(caplog):
    """The key goes out of the message, whether it came as text or as an argument."""
    assert "GET /***/x of ***" in logged(caplog, "GET /%s/x of %s", "c4nary%2Fkey", "c4nary/key")


def test_logged_tracebacks_are_scrubbed(caplog):
    """An exception's text is part of the line, and of the record that JSON logs are made of."""
    try:
        raise ValueError("no c4nary/key here")
    except ValueError:
        text = logged(caplog, "broken", exc_info=sys.exc_info())
    assert "ValueError: no *** here" in text
    assert "c4nary" not in text


def test_a_log_record_keeps_its_arguments_where_they_are_clean(caplog):
    """Structured logs still see them."""
    logged(caplog, "took %d of %d", 1, 2)
    assert caplog.records[0].args == (1, 2)


def test_a_malformed_log_call_does_not_break_the_program(caplog):
    """Its text is written as far as it goes."""
    assert "odd c %d" in logged(caplog, "odd c %d", "x")
