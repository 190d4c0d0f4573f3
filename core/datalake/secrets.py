"""Keys that cannot be printed by accident, and the scrubbing of texts that may hold one."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import quote

from .errors import ConfigError

MASK = "***"
_FORMATTER = logging.Formatter()


class Secret:
    """A key that shows itself as `***`; only `reveal()` gives its value.

    Raises ConfigError, which names the variable and never the value, unless the value is
    printable ASCII without blanks: anything else would end up in an HTTP library's complaint.
    """

    __slots__ = ("_value", "variable")

    def __init__(self, value: str, variable: str) -> None:
        if not value:
            raise ConfigError(f"{variable} is empty: remove it, or give it a key")
        if not all("!" <= sign <= "~" for sign in value):
            raise ConfigError(
                f"{variable} holds a blank, a line break or a sign outside ASCII, which no key"
                " has: copy the key again"
            )
        self._value = value
        self.variable = variable

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def forms(self) -> set[str]:
        """The ways in which the value may appear in a text."""
        raw = self._value
        plain = base64.b64encode(raw.encode()).decode().rstrip("=")
        websafe = base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
        return {raw, quote(raw, safe=""), quote(raw), json.dumps(raw)[1:-1], plain, websafe}


def scrub(text: str, secrets: Iterable[Secret]) -> str:
    """The text with every form of every secret replaced by `***`."""
    forms = {form for secret in secrets for form in secret.forms()}
    if not forms:
        return text
    longest_first = sorted(forms, key=len, reverse=True)
    # in any case: libraries lower-case header values and percent escapes
    return re.sub("|".join(map(re.escape, longest_first)), MASK, text, flags=re.IGNORECASE)


class ScrubFilter(logging.Filter):
    """Keeps secrets out of log records; it belongs on handlers, so that no logger escapes it.

    At DEBUG the HTTP libraries log request paths, and a path may hold a key.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        message = _message(record)
        clean = scrub(message, self._secrets)
        if clean != message:
            record.msg, record.args = clean, ()
        if record.exc_info:
            record.exc_text = record.exc_text or _FORMATTER.formatException(record.exc_info)
            record.exc_info = None
        for name, value in vars(record).items():
            if isinstance(value, str):
                setattr(record, name, scrub(value, self._secrets))
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        record.args = ()
        return str(record.msg)
