"""Whether a provider keeps its promises: the checks behind `datalake.testing` and `providers test`.

The author's provider speaks to a server on loopback, which answers from the author's samples, from
samples with a fault, or with what the real API says; nothing else is asked, and no key is needed.
"""

from .outcomes import Grade, Outcome, Report, State
from .samples import Samples, read_samples
from .suite import Check, check_all, checks, on_trial, outcome

__all__ = [
    "Check",
    "Grade",
    "Outcome",
    "Report",
    "Samples",
    "State",
    "check_all",
    "checks",
    "on_trial",
    "outcome",
    "read_samples",
]
