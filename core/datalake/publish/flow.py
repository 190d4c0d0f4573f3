"""The way of a candidate: contract, gate, then the files are replaced, or nothing is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..errors import StoreError
from ..rules import GateRules
from .candidate import Candidate, Check, Outcome
from .contract import check_contract
from .files import exclusive, remove, replace
from .gate import check_gate
from .layout import encode_assets, encode_data
from .target import assets_path, candidate_path, examine

_RULES = GateRules()


def publish(
    candidate: Candidate, path: Path, rules: GateRules = _RULES, force: str | None = None
) -> Outcome:
    """Publish a candidate at a local path, with its assets file beside it.

    A candidate that breaks the contract or that the gate refuses is kept beside the published
    files, which stay as they are; the outcome's checks say why. `force`, a reason, overrides the
    gate's comparisons. Raises ConfigError for a path that `check_output` refuses and StoreError
    where the disk does; in both cases what was published stands.
    """
    checks = check_contract(candidate)
    data = encode_data(candidate)
    try:
        with exclusive(path):
            before = examine(path, candidate.synthetic)
            if not _refused(checks):
                checks += check_gate(candidate, before, rules, force)
            if refused := _refused(checks):
                checks += (_keep(candidate_path(path), data),)
            else:
                _commit(path, data, encode_assets(candidate))
    except OSError as error:
        raise StoreError(
            f"output {path} could not be written ({error.strerror or error}); "
            "what was published before stands"
        ) from error
    ids = candidate.rows.get_column("canonical_id", default=None)
    return Outcome(
        published=not refused,
        path=path,
        rows=candidate.rows.height,
        assets=0 if ids is None else ids.n_unique(),
        sha256=hashlib.sha256(data).hexdigest(),
        checks=checks,
        candidate_path=candidate_path(path) if refused and checks[-1].passed else None,
    )


def _commit(path: Path, data: bytes, assets: bytes) -> None:
    """The data file goes last: whoever sees it finds the assets that it needs."""
    replace(assets_path(path), assets)
    replace(path, data)
    remove(candidate_path(path))


def _keep(path: Path, data: bytes) -> Check:
    """A refusal stands, and is to be told, even where the disk has no room for its cause."""
    try:
        replace(path, data)
    except OSError as error:
        reason = error.strerror or error
        return Check("candidate", False, "warning", f"it could not be kept at {path} ({reason})")
    return Check("candidate", True, "ok", f"kept at {path}")


def _refused(checks: tuple[Check, ...]) -> bool:
    return any(check.level == "refused" for check in checks)
