"""Where things lie unless the user says so; apart from `run`, so that to know it costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SANDBOX = Path(".datalake/sandbox")


def default_cache(sandbox: bool, environment: Mapping[str, str]) -> str:
    """Where series are kept unless the user says so: the bucket if one is named, else a folder."""
    if sandbox:
        return str(SANDBOX)
    bucket = environment.get("GCP_BUCKET_NAME")
    return f"gs://{bucket}" if bucket else ".datalake"
