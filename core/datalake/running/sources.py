"""Which providers take part in a run, on which plan, and through which client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from attrs import evolve, frozen

from ..client import Retry
from ..client.budget import Budget
from ..client.http import HttpClient
from ..client.offline import OfflineClient
from ..client.pace import machine_pace
from ..client.throttle import HEADROOM
from ..errors import ConfigError, SchemaError
from ..lake.origin import LIVE
from ..models import Plan, Provider, Quota, Rate
from ..plugins import Registry, keys
from ..secrets import Secret, scrub
from ..suggest import did_you_mean
from .options import Options
from .vendors import Vendors


@frozen
class Source:
    """A provider that takes part, and the client that speaks to it.

    `interval` is the time from one call to the next, in seconds, at which its limit is kept;
    `usage` asks the vendor what is left of the plan's quota.
    """

    provider: Provider
    plan: Plan
    client: HttpClient | OfflineClient
    interval: float
    secrets: Sequence[Secret] = ()
    usage: Callable[[], Quota] | None = None

    def quota(self) -> Quota | None:
        """What the plan gives in a month or a day, and what is left of it where the vendor tells:
        at most one call. Raises FetchError."""
        if self.usage:
            return self.usage()
        quota, left = self.plan.quota, self.client.calls_left
        if quota is None or left is None:
            return quota
        # what the vendor tells goes before what is written in the plan
        return evolve(quota, left=left, limit=max(left, quota.limit or 0))

    def scrub(self, text: str) -> str:
        """The text without any key of this run, in case foreign code put one there."""
        return scrub(text, self.secrets)


@frozen
class Sources:
    """The sources of a run, the one that lists the assets (it need not be among them), and the
    providers that do not take part."""

    taking_part: Sequence[Source]
    lister: Source
    skipped: Sequence[Skipped]

    @property
    def all(self) -> list[Source]:
        """Every source that makes calls."""
        others = [] if self.lister in self.taking_part else [self.lister]
        return [*others, *self.taking_part]


@frozen
class Skipped:
    """A provider that does not take part, and why."""

    provider: str
    reason: str


def choose_plan(provider: Provider, environment: Mapping[str, str]) -> Plan:
    """The plan that the user configured: `NAME_PLAN`, else the first whose key is set.

    Raises ConfigError where no plan can be used, with the variable that would help.
    """
    variable = f"{provider.name.upper()}_PLAN"
    named = environment.get(variable)
    if named:
        plans = {plan.name: plan for plan in provider.plans}
        if named not in plans:
            raise ConfigError(f"{variable}={named}: no such plan{did_you_mean(named, plans)}")
        if not _usable(plans[named], environment):
            raise ConfigError(
                f"{variable}={named} needs a key: {_how_to_get(provider, plans[named])}"
            )
        return plans[named]
    for plan in provider.plans:
        if _usable(plan, environment):
            return plan
    raise ConfigError(f"no key for {provider.title}: {_how_to_get(provider, provider.plans[0])}")


def _plan_offline(provider: Provider, environment: Mapping[str, str]) -> Plan:
    """The plan that the user configured, which says how far back is looked; else the largest."""
    named = [f"{provider.name.upper()}_PLAN", *provider.variables()]
    if any(environment.get(variable) for variable in named):
        return choose_plan(provider, environment)
    return provider.plans[0]


def key_of(plan: Plan, environment: Mapping[str, str]) -> Secret | None:
    """The key that a plan needs, if any; ConfigError for what can be no key."""
    return Secret(environment[plan.key.variable], plan.key.variable) if plan.key else None


def _usable(plan: Plan, environment: Mapping[str, str]) -> bool:
    return plan.key is None or bool(environment.get(plan.key.variable))


def _how_to_get(provider: Provider, plan: Plan) -> str:
    variable = plan.key.variable if plan.key else ""
    return f"set {variable} (keys: {provider.keys_url})"


def select(registry: Registry, names: Sequence[str] | None) -> list[Provider]:
    """The providers of these names, or all that are installed."""
    if names is None:
        if not registry.providers:
            raise ConfigError("no provider is installed or enabled; see `datalake providers list`")
        return list(registry.providers.values())
    return [registry.provider(name) for name in dict.fromkeys(names)]


@contextmanager
def sources(
    registry: Registry,
    options: Options,
    environment: Mapping[str, str],
    vendors: Vendors,
    stop: threading.Event,
    retry: Retry | None = None,
    budget: Budget | None = None,
) -> Iterator[Sources]:
    """Clients for the providers of the run; those that cannot take part come with a reason.

    A provider that was asked for by name and lacks its key raises ConfigError.
    """
    with _opener(registry, options, environment, vendors, stop, retry, budget) as opened:
        taking_part, skipped = _opened(registry, options, opened)
        yield Sources(taking_part, _lister(registry, taking_part, opened), skipped)


@contextmanager
def asked_alone(
    registry: Registry,
    options: Options,
    environment: Mapping[str, str],
    vendors: Vendors,
    retry: Retry,
    budget: Budget,
) -> Iterator[tuple[Sequence[Source], Sequence[Skipped]]]:
    """The same for who makes no run: nobody needs to list the assets."""
    stop = threading.Event()
    with _opener(registry, options, environment, vendors, stop, retry, budget) as opened:
        yield _opened(registry, options, opened)


@contextmanager
def _opener(
    registry: Registry,
    options: Options,
    environment: Mapping[str, str],
    vendors: Vendors,
    stop: threading.Event,
    retry: Retry | None,
    budget: Budget | None,
) -> Iterator[Callable[[Provider], Source]]:
    """Opens sources, which are closed in the end."""
    secrets = keys(registry, environment)
    with ExitStack() as stack:

        def opened(provider: Provider) -> Source:
            source = _source(provider, options, environment, vendors, stop, retry, budget, secrets)
            stack.callback(source.client.close)
            return source

        yield opened


def _opened(
    registry: Registry, options: Options, opened: Callable[[Provider], Source]
) -> tuple[list[Source], list[Skipped]]:
    taking_part: list[Source] = []
    skipped: list[Skipped] = []
    for provider in select(registry, options.providers):
        try:
            taking_part.append(opened(provider))
        except ConfigError as error:
            if options.providers is not None:
                raise
            skipped.append(Skipped(provider.name, str(error)))
    return taking_part, skipped


def _lister(
    registry: Registry, taking_part: Sequence[Source], open_source: Callable[[Provider], Source]
) -> Source:
    """The source that lists the assets: one of the run's, else any that is installed."""
    for source in taking_part:
        if source.provider.universe:
            return source
    for provider in registry.providers.values():
        if provider.universe:
            return open_source(provider)
    raise ConfigError("no installed provider can list the assets; see `datalake providers list`")


def _source(
    provider: Provider,
    options: Options,
    environment: Mapping[str, str],
    vendors: Vendors,
    stop: threading.Event,
    retry: Retry | None,
    budget: Budget | None,
    secrets: Sequence[Secret],
) -> Source:
    if not vendors.reach(provider):
        raise ConfigError(
            f"the sandbox does not speak the API of {provider.title}: leave it out of --providers,"
            " or run without --sandbox"
        )
    if vendors.offline:
        plan = _plan_offline(provider, environment)
        return Source(provider, plan, OfflineClient(plan, vendors.clock), 0.0, secrets)
    variables = vendors.environment(environment, provider)
    plan = choose_plan(provider, variables)
    if provider.name in options.rates:
        plan = evolve(plan, rate=Rate(options.rates[provider.name]))
    key = key_of(plan, variables)

    def client(plan: Plan) -> HttpClient:
        return HttpClient(
            provider,
            plan,
            key,
            clock=vendors.clock,
            origins=vendors.origins,
            rate_scale=vendors.rate_scale,
            retry=retry,
            stop=stop,
            pace=machine_pace(provider.name, key) if vendors.origin == LIVE else None,
            budget=budget,
        )

    interval = plan.rate.interval / HEADROOM / vendors.rate_scale
    return Source(provider, plan, client(plan), interval, secrets, _usage(provider, plan, client))


def _usage(
    provider: Provider, plan: Plan, client: Callable[[Plan], HttpClient]
) -> Callable[[], Quota] | None:
    """Asks for the usage of the key, which may be told outside the base URL of the plan."""
    read, url = provider.usage, plan.usage_url
    if read is None or url is None:
        return None
    base, _, path = url.rpartition("/")

    def ask() -> Quota:
        with client(evolve(plan, base_url=base)) as asking:
            answer = asking.get(path)
        try:
            return read(answer)
        except (TypeError, ValueError, LookupError) as error:
            raise SchemaError(
                f"{provider.name}: the usage of the key cannot be read: {error}"
            ) from None

    return ask
