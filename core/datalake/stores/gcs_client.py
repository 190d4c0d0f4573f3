"""Opens buckets with Google's client: which credentials, which endpoint, how many connections."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, StoreError
from .keys import check_key

if TYPE_CHECKING:
    from google.cloud.storage import Bucket

    from .gcs import GcsStore

#: As many connections as anybody here makes requests at once.
CONNECTIONS = 64
GOOGLE = "https://storage.googleapis.com"
#: Where requests looks for a company's own certificates.
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def open_gcs(url: str, environment: Mapping[str, str]) -> GcsStore:
    """The store at `gs://bucket/prefix`; nothing is asked of the bucket yet.

    Of the environment are used: GCP_PROJECT_ID, GOOGLE_APPLICATION_CREDENTIALS (else Google's
    default credentials) and STORAGE_EMULATOR_HOST. Raises ConfigError for what is no such URL.
    """
    from .gcs import GcsStore

    bucket, _, prefix = url[len("gs://") :].partition("/")
    prefix = prefix.rstrip("/")
    if not url.lower().startswith("gs://") or not _BUCKET.fullmatch(bucket):
        raise ConfigError(
            f"{url}: no such bucket can be; write gs://bucket or gs://bucket/prefix (a bucket's "
            "name has small letters, digits, dashes, dots and underscores)"
        )
    try:
        prefix = f"{check_key(prefix)}/" if prefix else ""
    except StoreError as error:
        raise ConfigError(f"{url}: {error}") from error
    return GcsStore(bucket, prefix, lambda name: _bucket(name, environment))


def _bucket(name: str, environment: Mapping[str, str]) -> Bucket:
    # else the client asks for the bucket itself in the background at each 404, which doubles the
    # requests and wants a permission that nothing else needs
    os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud import storage
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies

    credentials, project = _credentials(environment)
    session = AuthorizedSession(credentials)
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS))
    endpoint = environment.get("STORAGE_EMULATOR_HOST")
    # what the environment says of proxies and certificates is read once: for each request it would
    # take longer than all else that is done here
    session.proxies = get_environ_proxies(_absolute(endpoint) if endpoint else GOOGLE)
    session.verify = next(filter(None, map(os.environ.get, CA_VARIABLES)), True)
    session.trust_env = False
    client = storage.Client(
        project=project,
        credentials=credentials,
        _http=session,
        client_options={"api_endpoint": _absolute(endpoint)} if endpoint else None,
    )
    return client.bucket(name)


def _credentials(environment: Mapping[str, str]) -> tuple[Any, str]:
    """Credentials, and a project that some calls of the client want named."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials

    project = environment.get("GCP_PROJECT_ID")
    if environment.get("STORAGE_EMULATOR_HOST"):
        return AnonymousCredentials(), project or "emulated"
    scopes = ["https://www.googleapis.com/auth/devstorage.read_write"]
    file = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about quota projects, which buckets do not need
        if file and file != os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
            credentials, found = google.auth.load_credentials_from_file(file, scopes=scopes)
        else:
            credentials, found = google.auth.default(scopes=scopes)
    return credentials, project or found or "none"


def _absolute(endpoint: str) -> str:
    return endpoint if "://" in endpoint else f"http://{endpoint}"
