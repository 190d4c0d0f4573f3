"""What can go wrong, sorted by what the reader should do about it.

DatalakeError
├── ConfigError        correct the settings, the command or the file that it names (exit 2)
├── Held               another run is at work on the same output: wait for its end (exit 5)
├── PluginError        an installed plugin is broken; the others go on without it
├── StoreError         the store cannot be read or written
│   ├── ReadOnly       it may be read, but not written: what is there is used, nothing is added
│   └── Conflict       somebody else wrote first: read again, merge, try again
└── FetchError         a provider did not give what was asked
    ├── Unavailable    passing trouble: worth another try, later
    ├── NotFound       the provider does not know this name: not covered
    ├── Rejected       this one request is refused: the asset is skipped
    ├── Refused        the key or plan is refused: the provider is out for this run
    ├── SchemaError    the answer is not of the promised shape: the asset is skipped
    └── OverBudget     the run has made all calls, or taken all the time, that it may (exit 6)
"""

from __future__ import annotations


class DatalakeError(Exception):
    """Anything that this library reports on purpose; its text is for the user."""


class ConfigError(DatalakeError):
    """The user's settings, command or file are wrong; the text says where and what to do."""


class Held(DatalakeError):
    """Another run is at work on the same output; the text names it."""


class PluginError(DatalakeError):
    """An installed plugin could not be used; the text names its distribution and version."""


class StoreError(DatalakeError):
    """The store could not be read or written."""


class ReadOnly(StoreError):
    """The store may be read, but this user may not write to it."""


class Conflict(StoreError):
    """A conditional write found another generation than the one that was expected."""


class FetchError(DatalakeError):
    """A provider did not give what was asked."""


class Unavailable(FetchError):
    """Network trouble, a limit, a server error or a garbled body: the same call may work later.

    `wait` is what the vendor asked for in seconds, if it did.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class NotFound(FetchError):
    """The provider does not know the name that was asked for."""


class Rejected(FetchError):
    """The provider refuses this request, whoever asks."""


class Refused(FetchError):
    """The provider refuses this key or plan; no other request will fare better."""


class SchemaError(FetchError):
    """The answer parsed, but is not what the dataset promises."""


class OverBudget(FetchError):
    """Not asked: the run may make no more calls, or its time is up; the next run goes on."""
