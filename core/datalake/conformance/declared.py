"""Checks of what a provider declares: names, plans, keys, columns. Nothing is asked for."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..client.origin import base_url
from ..errors import ConfigError
from ..models import Column, Dataset, Key, Plan
from ..plugins import Plugin
from .outcomes import Unmet, Unproven
from .trial import Trial

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9.]+)?")
#: The framework's own columns.
_TAKEN = ("date", "time", "asset", "canonical_id", "native_id", "observed_at")


def name(trial: Trial) -> None:
    """It has a name, and is found under it in an installed distribution with a version."""
    provider = trial.provider
    if not _WORD.fullmatch(provider.name):
        raise Unmet(f"name={provider.name!r}: take a lower-case word such as 'acme'")
    if not provider.title.strip():
        raise Unmet("title is empty: give the vendor's name as people write it")
    plugin = _plugin(trial)
    if plugin.error:
        raise Unmet(f"{plugin} cannot be used: {plugin.error}")
    if not _VERSION.fullmatch(plugin.version):
        raise Unmet(f"version {plugin.version!r} of {plugin.distribution} is none: write 0.1.0")
    if plugin.notes:
        raise Unmet(
            f"{plugin}: {plugin.notes[0]}. A plugin's module declares, and does nothing else"
        )


def _plugin(trial: Trial) -> Plugin:
    name = trial.provider.name
    plugins = trial.registry().plugins
    for plugin in plugins:
        if any(one.name == name for one in plugin.providers):
            return plugin
    for plugin in plugins:
        if plugin.name == name:
            return plugin
    raise Unmet(
        f"no installed plugin brings {name!r}: pyproject.toml needs "
        f'[project.entry-points.datalake] {name} = "the_module", and the package must be '
        "installed (pip install -e .)"
    )


def plans(trial: Trial) -> None:
    """Each plan says where it is, how fast it may be asked, and how its key travels."""
    provider = trial.provider
    _once("plan", [plan.name for plan in provider.plans])
    for plan in provider.plans:
        _plan(plan)
    if any(plan.key for plan in provider.plans) and not provider.keys_url.startswith("https://"):
        raise Unmet(
            "keys_url is empty: whoever lacks a key is told to set its variable, and not where to "
            "get one; name the vendor's page"
        )
    prefix = provider.name.upper()
    odd = [name for name in provider.variables() if not name.startswith(prefix)]
    if odd:
        raise Unproven(
            f"{odd[0]} does not begin with {prefix}_: users look for it under the provider's name"
        )


def _plan(plan: Plan) -> None:
    calls, seconds = plan.rate.calls, plan.rate.seconds
    if not (0 < calls < math.inf and 0 < seconds < math.inf):
        raise Unmet(
            f"plan {plan.name}: Rate({calls:g}, {seconds:g}) is no limit; Rate(30) means 30 calls a"
            " minute. Where the vendor names none, take what is polite"
        )
    url = urlsplit(plan.base_url)
    if not url.netloc or url.query:
        raise Unmet(f"plan {plan.name}: base_url={plan.base_url!r} is no URL to put paths after")
    try:
        base_url(plan, {})
    except ConfigError as error:
        raise Unmet(f"{error}: a key must not travel in the clear") from None
    in_path = plan.key is not None and plan.key.place == "path"
    if in_path != ("{key}" in plan.base_url):
        raise Unmet(
            f"plan {plan.name}: a key that travels in the path has place='path', and base_url says "
            "where by {key}; here only one of the two does"
        )
    if plan.key is not None:
        _key(plan.name, plan.key)


def _key(plan: str, key: Key) -> None:
    if not _VARIABLE.fullmatch(key.variable):
        raise Unmet(f"plan {plan}: {key.variable!r} is no variable such as ACME_API_KEY")
    if key.place != "path" and not key.name:
        raise Unmet(
            f"plan {plan}: Key(name=…) is missing: the {key.place} item that the key travels in, "
            "such as 'x-api-key'"
        )


def classify(trial: Trial) -> None:
    """`classify` calls no good answer an error, and takes any body."""
    classify = trial.provider.classify or _by_http
    for asked, sample in trial.samples.answers.items():
        if 200 <= sample.status < 300 and classify(sample.status, sample.body):
            raise Unmet(f"classify calls the sample of {asked} an error, though it is none")
    for body in (b"", b"\xff\xfe", b"<html>", b"[]", b"null"):
        for status in (200, 400, 401, 404, 429, 500):
            try:
                classify(status, body)
            except Exception as error:
                raise Unmet(
                    f"classify({status}, {body!r}) broke with {type(error).__name__}: {error}; "
                    "search the bytes, or decode them in a try"
                ) from None


def _by_http(status: int, body: bytes) -> None:
    """HTTP's own meaning."""


def columns(trial: Trial, dataset: Dataset) -> None:
    """Names are words, each column has a unit and a meaning, and spans are possible."""
    if not _WORD.fullmatch(dataset.name):
        raise Unmet(f"dataset name {dataset.name!r}: take a lower-case word such as 'fees'")
    _once("dataset", [one.name for one in trial.provider.datasets])
    if not dataset.columns:
        raise Unmet(f"{dataset.name} declares no columns: a series without values is of no use")
    for name, column in dataset.columns.items():
        _column(dataset, name, column)
    known = {plan.name for plan in trial.provider.plans}
    for what, named in (("plans", dataset.plans or ()), ("reach", dataset.reach)):
        if strange := sorted(set(named) - known):
            raise Unmet(f"{dataset.name}: {what} names {strange[0]!r}, which is no plan of it")


def _column(dataset: Dataset, name: str, column: Column) -> None:
    if not _WORD.fullmatch(name) or name in _TAKEN:
        why = "is the framework's own" if name in _TAKEN else "is no lower-case word"
        raise Unmet(f"{dataset.name}: column {name!r} {why}; call it otherwise")
    for what in ("unit", "meaning"):
        if not getattr(column, what).strip():
            raise Unmet(
                f"{dataset.name}: column {name!r} has no {what}, and a number without one is of no "
                "use: Column('USD', 'fees paid in the day')"
            )
    low, high = column.minimum, column.maximum
    if low is not None and high is not None and low >= high:
        raise Unmet(f"{dataset.name}: column {name!r} lies between {low} and {high}: nothing does")


def _once(what: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Unmet(f"two {what}s are called {twice[0]!r}: the second would never be found")
