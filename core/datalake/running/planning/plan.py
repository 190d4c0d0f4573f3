"""What a run wants, before any series call is made: dataset × asset × window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from datalake_aggregation import Mapping as CanonicalMapping
from datalake_aggregation import Place

from ...errors import ConfigError
from ...models import DAY, Asset, Dataset, Window
from ...names import KEYS, STANDARD
from ...plugins import Registry
from ...suggest import did_you_mean
from ..universe.assets import Universe, member_assets

if TYPE_CHECKING:  # an engine plans a lake by this module, too, and needs no client
    from ..options import Options
    from ..sources import Source, Sources


@frozen
class Want:
    """One dataset for one asset: the closed days that are wanted, and those the plan can give.

    `native` says that the asset is the native of its canonical asset, `rank` the latter's place in
    the universe, `folded` that a rule over members needs the series, `columns` which of its columns
    are put out or are witnesses; `refresh` asks for all of it anew. `earlier`: cached days before
    the wanted ones are of use, too.
    """

    source: Source
    dataset: Dataset
    asset: Asset
    native: bool
    wanted: Window
    reachable: Window
    folded: bool = False
    columns: Sequence[str] = ()
    refresh: bool = False
    rank: int = 0
    earlier: bool = False

    @property
    def name(self) -> str:
        """The dataset's full name, `provider.dataset`."""
        return f"{self.source.provider.name}.{self.dataset.name}"


@frozen
class Feed:
    """A dataset's column that feeds an output column; `place` orders the sources of one column."""

    dataset: str
    column: str
    output: str
    place: int


def folded_columns(mapping: CanonicalMapping, columns: Sequence[str]) -> list[str]:
    """The columns that are folded: those of the output, and the weights that their rules read."""
    rules = [mapping.columns[column] for column in columns]
    rules += [
        rule for column in columns for own in mapping.overrides_of(column).values() for rule in own
    ]
    read = {name for rule in rules for name in rule.how.reads if name in mapping.columns}
    return [*columns, *(name for name in mapping.columns if name in read.difference(columns))]


def feeds(mapping: CanonicalMapping, columns: Sequence[str]) -> list[Feed]:
    """Where each output column comes from, as the mapping says."""
    return [
        Feed(source.rpartition(".")[0], source.rpartition(".")[2], output, place)
        for output, rule in mapping.columns.items()
        if output in columns
        for place, source in enumerate(rule.source)
    ]


def output_columns(mapping: CanonicalMapping, selection: str) -> list[str]:
    """The value columns of the output: the standard ones, or all that the mapping knows."""
    standard = STANDARD[len(KEYS) :]
    if selection == "standard":
        return list(standard)
    return [*standard, *(column for column in mapping.columns if column not in standard)]


def wants(
    options: Options,
    sources: Sequence[Source],
    universe: Universe,
    mapping: CanonicalMapping,
    as_of: datetime,
) -> list[Want]:
    """Everything that the run wants, per provider in the universe's order: largest assets first.

    Variants are wanted only of datasets that a rule over members needs, for their asset.
    """
    outputs = output_columns(mapping, options.columns)
    folded_into = folded_columns(mapping, outputs)
    sources_of_columns = feeds(mapping, folded_into)
    found: list[Want] = []
    for source, dataset in _datasets(options, sources, mapping):
        name = f"{source.provider.name}.{dataset.name}"
        fed = [feed for feed in sources_of_columns if feed.dataset == name]
        columns = list(dict.fromkeys([*(one.column for one in fed), *dataset.witnesses(outputs)]))
        folded = {
            canonical.id
            for canonical in universe.assets
            if any(mapping.needs_members(one.output, canonical.id, folded_into) for one in fed)
        }
        refresh = bool({"all", source.provider.name, name} & set(options.refresh))
        # the guard looks at days in a row, and an asset's rows begin with its first price: days
        # before the first wanted one decide on it, too
        lead = mapping.guard.days * DAY if folded else timedelta(0)
        earlier = options.since is not None and any(one.output == "close" for one in fed)
        wanted, reachable = windows(options, source, dataset, as_of, lead)
        found += [
            Want(
                source,
                dataset,
                asset,
                asset.id == canonical.id,
                wanted,
                reachable,
                canonical.id in folded,
                columns,
                refresh,
                canonical.rank,
                earlier,
            )
            for canonical, asset in member_assets(universe)
            if canonical.id in folded or asset.id == canonical.id
        ]
    return found


def windows(
    options: Options, source: Source, dataset: Dataset, as_of: datetime, lead: timedelta
) -> tuple[Window, Window]:
    """The closed days wanted of a dataset, `lead` ahead of the first, and those the plan can give.

    Neither has a day that is not settled: what a vendor still changes is never kept as closed.
    """
    now = source.client.now
    earliest = dataset.earliest(source.plan, now.date())
    last = min(dataset.closed_through(as_of), options.last_closed(as_of))
    start = max(options.since - lead, dataset.since) if options.since else earliest
    return Window(start, last + DAY), Window(earliest, dataset.closed_through(now) + DAY)


def _datasets(
    options: Options, sources: Sequence[Source], mapping: CanonicalMapping
) -> Iterator[tuple[Source, Dataset]]:
    columns = folded_columns(mapping, output_columns(mapping, options.columns))
    needed = {feed.dataset for feed in feeds(mapping, columns)}
    for source in sources:
        for dataset in source.provider.datasets:
            name = f"{source.provider.name}.{dataset.name}"
            on_by_default = dataset.plans is None or source.plan.name in dataset.plans
            if name in (options.datasets or needed) or (on_by_default and not options.datasets):
                yield source, dataset


def check_datasets(names: Iterable[str], registry: Registry) -> None:
    """Raise ConfigError for a dataset that no installed provider offers."""
    known = [
        f"{provider.name}.{dataset.name}"
        for provider in registry.providers.values()
        for dataset in provider.datasets
    ]
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no dataset {name!r}{did_you_mean(name, known)}")


def check_sources(mapping: CanonicalMapping, registry: Registry) -> None:
    """Raise ConfigError for the first of the unknown sources."""
    for where, what in unknown_sources(mapping, registry):
        raise ConfigError(f"{where or 'the mapping, native_ids'}: {what}")


def unknown_sources(
    mapping: CanonicalMapping, registry: Registry
) -> Iterator[tuple[Place | None, str]]:
    """Rules and names of assets of what an installed provider does not offer, and where they stand:
    the column would be null throughout, and nobody told. Providers that are not installed are
    passed over, unless their name is nearly that of one that is."""
    known = {
        f"{provider.name}.{dataset.name}": dataset
        for provider in registry.providers.values()
        for dataset in provider.datasets
    }
    named: list[tuple[Place | None, str, str]] = [
        (rule.where, name, column)
        for rule in mapping.columns.values()
        for name, _, column in (source.rpartition(".") for source in rule.source)
    ]
    for where, name, column in [*named, *((None, name, "") for name in mapping.native_ids)]:
        provider = name.partition(".")[0]
        meant = did_you_mean(provider, registry.providers).startswith("; did you mean")
        if name not in known and (provider in registry.providers or meant):
            yield where, f"there is no dataset {name!r}{did_you_mean(name, known)}"
        if name in known and column and column not in known[name].columns:
            hint = did_you_mean(column, known[name].columns)
            yield where, f"{name} has no column {column!r}{hint}"


def check_refresh(names: Iterable[str], registry: Registry) -> None:
    """Raise ConfigError for what is neither a provider nor a dataset of one."""
    known = [
        name
        for provider in registry.providers.values()
        for name in (provider.name, *(f"{provider.name}.{one.name}" for one in provider.datasets))
    ]
    for name in names:
        if name != "all" and name not in known:
            raise ConfigError(
                f"--refresh={name}: no such provider or dataset{did_you_mean(name, known)}"
            )


def check_taking_part(names: Iterable[str], sources: Sources) -> None:
    """Raise ConfigError for a dataset of a provider that takes no part in the run."""
    taking_part = {source.provider.name for source in sources.taking_part}
    reasons = {one.provider: one.reason for one in sources.skipped}
    for name in names:
        provider = name.partition(".")[0]
        if provider not in taking_part:
            reason = reasons.get(provider, "it is not among --providers")
            raise ConfigError(f"--datasets {name}: {provider} takes no part in this run: {reason}")
