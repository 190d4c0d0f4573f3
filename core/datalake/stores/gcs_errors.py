"""What Google's client raises, in words that tell the reader what to do."""

from __future__ import annotations

import re
from functools import cache

import requests

#: How much of a library's own words is shown.
SHOWN = 200


@cache
def ERRORS() -> tuple[type[BaseException], ...]:  # noqa: N802  # a constant that needs an import
    """Everything that the client and the libraries below it are known to raise."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

    return (
        GoogleAPIError,  # RetryError among them
        GoogleAuthError,
        InvalidResponse,
        DataCorruption,
        requests.RequestException,  # also for a body that is cut or no JSON
        OSError,
        ValueError,
        KeyError,
        TypeError,
    )


def status(error: BaseException) -> int | None:
    """The HTTP status behind an error, if there was an answer at all."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, BaseException):
        return status(cause)
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return int(code)
    answer = getattr(error, "response", None)
    found = getattr(answer, "status_code", None)
    return int(found) if found is not None else None


def gone(error: BaseException) -> bool:
    """There is no such object (in a bucket that is there)."""
    return status(error) == 404 and not _no_bucket(error)


def outdated(error: BaseException) -> bool:
    """A condition on the generation does not hold any more."""
    return status(error) in (304, 412)


def denied(error: BaseException) -> bool:
    """The user is known, and may not."""
    return status(error) == 403


def cut(error: BaseException) -> bool:
    """The answer broke off, and with it whatever it was to say: a refusal's own text may, too."""
    return isinstance(error, requests.exceptions.ChunkedEncodingError)


def exhausted(error: BaseException) -> bool:
    """All patience was spent, and there was no answer to be had."""
    from google.api_core.exceptions import RetryError

    return isinstance(error, RetryError)


def about(error: BaseException, bucket: str, where: str, *, writing: bool) -> str:
    """One sentence: what happened, where, and the command that helps."""
    from google.auth.exceptions import GoogleAuthError

    code = status(error)
    if isinstance(error, GoogleAuthError) or code == 401:
        return (
            f"{where}: no valid Google credentials ({_said(error)}); run `gcloud auth "
            "application-default login`, or run the job as a service account"
        )
    if _no_bucket(error):
        return (
            f"the bucket {bucket} does not exist; run `gcloud storage buckets create "
            f"gs://{bucket}`, or correct GCP_BUCKET_NAME, --cache or --output"
        )
    if code == 403:
        role = "objectUser" if writing else "objectViewer"
        deed = "written" if writing else "read"
        return (
            f"{where} may not be {deed} by this user; run `gcloud storage buckets "
            f"add-iam-policy-binding gs://{bucket} --member=user:YOU "
            f"--role=roles/storage.{role}`"
        )
    if code is None:
        return (
            f"{where} cannot be reached or did not answer as a bucket does ({_said(error)}); "
            "check the network"
        )
    return f"{where}: Google Cloud Storage answered {code} ({_said(error)}); try again later"


def _no_bucket(error: BaseException) -> bool:
    return status(error) == 404 and "bucket does not exist" in f"{error}{_cause(error)}"


def _cause(error: BaseException) -> str:
    return str(getattr(error, "cause", "") or "")


def _said(error: BaseException) -> str:
    """The kind of error and the end of the library's words, without its URLs."""
    text = " ".join(f"{_cause(error) or error}".split())
    told = [part for part in re.split(r"(?<=\.) ", text) if "://" not in part]
    words = [word for word in text.split() if "://" not in word]
    return f"{type(error).__name__}: {' '.join(told or words)}"[:SHOWN]
