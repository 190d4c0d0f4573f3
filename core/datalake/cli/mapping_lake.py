"""The commands of `datalake mapping` that hold it against data: lint, suggest and diff."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from attrs import asdict

from datalake_aggregation import Mapping, MappingError, Place, load_mapping

from ..cache import SERIES, AssetCache
from ..clock import now
from ..curation.catalogue import Catalogue, newest, of_universes
from ..curation.effect import Change, Effect, effect
from ..curation.lint import Finding, Known, lint, unoffered
from ..curation.lookalikes import Lookalike, lookalikes
from ..curation.pasting import as_yaml
from ..curation.prices import Prices, held, price_keys
from ..errors import ConfigError, FetchError
from ..exits import Exit
from .lakes import Lake, lake_options, store_options
from .logs import say
from .mapping import command
from .mappings import mapping_option, read_mapping, usual_mapping
from .numbers import dollars
from .output import console, new_table, print_fitting, print_json
from .parsing import Day

online_option = click.option(
    "--online/--offline",
    default=None,
    help="Ask the provider for its list of all coins (some ten calls), or take the newest list "
    "that the lake keeps.  [default: offline; with --sandbox online]",
)


def _catalogue(lake: Lake, online: bool | None) -> Catalogue | None:
    """The list of coins: asked now, or the newest that is kept."""
    if online is False or not (online or lake.around.sandbox):
        return newest(lake.store)
    from ..curation.asking import ask_now

    try:
        return ask_now(
            lake.store,
            lake.around.registry,
            lake.around.environment,
            lake.around.settings,
            sandbox=lake.around.sandbox,
        )
    except FetchError as error:
        raise ConfigError(
            f"the list of coins cannot be had: {error}; --offline uses the newest that is kept"
        ) from error


def _prices(lake: Lake, mapping: Mapping) -> Prices:
    cache = AssetCache(lake.store, clock=now, read_only=True)
    return Prices(cache.survey(price_keys(mapping)), lake.around.registry, mapping)


def _against(lake: Lake, catalogue: Catalogue | None) -> str:
    """What a mapping was held against, in words."""
    if catalogue is None:
        return f"no list of coins is kept in {lake.store.url} (--online asks for it)"
    return (
        f"{len(catalogue.coins):,} coins of {catalogue.provider}, "
        f"{catalogue.known_at:%Y-%m-%d %H:%M} UTC"
    )


@command.command("lint")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@online_option
@lake_options
@click.pass_context
def lint_(
    ctx: click.Context, /, file: Path | None, online: bool | None, lake: Lake, form: str
) -> None:
    """Check a mapping FILE, or the shipped mapping: its structure, its ids, and the prices.

    Each finding has its line and says what to do. What is wrong in a FILE is an error (exit code
    2): a line that cannot be read, an id that no coin has, a variant that is not worth what it
    stands for. Warnings alone, and whatever is found in the shipped mapping, end with 0.

    \b
    Examples:
      datalake mapping lint --sandbox
      datalake mapping lint my-mapping.yaml --online
    """
    try:
        mapping = load_mapping(file, reducers=lake.around.registry.reducers)
    except MappingError as error:
        found = [Finding("error", one.where, *_remedied(one.what)) for one in error.found]
        _tell(found, "not checked further: the file cannot be loaded", form)
        ctx.exit(Exit.USAGE)
    catalogue = _catalogue(lake, online)
    assets = held((entry.key for entry in lake.store.list(SERIES)), mapping)
    # whoever edits a mapping in the sandbox is not to be told that the shipped one's coins are odd
    exist = _named(load_mapping()) if lake.around.sandbox else frozenset[str]()
    known = Known(catalogue, assets, _prices(lake, mapping) if assets else None, exist)
    own = str(file) if file else None
    found = sorted(
        [*lint(mapping, known, own), *unoffered(mapping, lake.around.registry, own)], key=_line
    )
    series = f"prices of {len(assets):,} assets in {lake.store.url}"
    if lake.around.sandbox:
        series += " (simulated: ids of the shipped mapping count as known)"
    _tell(found, f"held against {_against(lake, catalogue)}; {series}", form)
    ctx.exit(Exit.USAGE if any(one.level == "error" for one in found) else 0)


def _line(found: Finding) -> tuple[Place, str]:
    return found.where, found.what


def _named(mapping: Mapping) -> frozenset[str]:
    """Every id that a mapping names."""
    members = (one.asset for ones in mapping.variants.values() for one in ones)
    return frozenset(members) | frozenset(mapping.variants)


def _remedied(what: str) -> tuple[str, str]:
    """What is wrong and what to do: a problem of loading says both in one sentence."""
    wrong, _, todo = what.rpartition("; ")
    return (wrong, todo) if wrong else (what, "correct it")


def _tell(found: list[Finding], against: str, form: str) -> None:
    if form == "json":
        print_json(
            {
                "findings": [{**asdict(one), "where": str(one.where)} for one in found],
                "against": against,
            }
        )
        return
    for one in found:
        click.echo(str(one))
    errors = sum(one.level == "error" for one in found)
    count = f"{_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}"
    click.echo(f"{count}; {against}", err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@command.command("suggest")
@click.argument("asset", nargs=-1)
@mapping_option
@click.option("--all", "everything", is_flag=True, help="Also what no price proves, as comments.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "table", "json"]),
    default="yaml",
    help="YAML to paste, a table to read, or JSON for programs.  [default: yaml]",
)
@online_option
@store_options
def suggest(
    asset: tuple[str, ...],
    file: Path | None,
    everything: bool,
    online: bool | None,
    lake: Lake,
    form: str,
) -> None:
    """Suggest variants that the mapping does not name yet, with the evidence, as YAML to paste.

    Names, contracts and the provider's categories find the candidates; a price decides: only what
    is worth what it stands for is suggested as wrapped or bridged, and what gains value is called
    staked. Nothing is applied: read it, copy what you believe into your own file.

    \b
    Examples:
      datalake mapping suggest --sandbox
      datalake mapping suggest bitcoin ethereum --sandbox --format table
    """
    mapping = usual_mapping(file, lake.around.registry)
    catalogue = _catalogue(lake, online) or of_universes(lake.store, now())
    if catalogue is None:
        raise ConfigError(f"{_against(lake, catalogue)}: there is nothing to choose from")
    found = lookalikes(catalogue.coins, mapping, _prices(lake, mapping), asset)
    unproven = sum(one.verdict == "unproven" for one in found)
    shown = found if everything else [one for one in found if one.verdict != "unproven"]
    if form == "json":
        print_json([asdict(one) for one in shown])
        return
    if form == "table":
        _print_lookalikes(shown)
    else:
        click.echo(as_yaml(shown, mapping, f"Held against {_against(lake, catalogue)}."))
    if unproven and not everything:
        say(f"{unproven} more are left out, since no price proves them; --all lists them")


def _print_lookalikes(found: list[Lookalike]) -> None:
    table = new_table("Look-alikes that the mapping does not name, surest first")
    for heading in ("asset", "stands for", "as", "ratio", "volume", "evidence"):
        table.add_column(heading, no_wrap=heading != "evidence")
    for one in found:
        ratio = "—" if one.ratio is None else f"{one.ratio:.3f}"
        kinds = ", ".join(reason.kind for reason in one.evidence)
        table.add_row(one.asset, one.canonical, one.verdict, ratio, dollars(one.volume), kinds)
    print_fitting(console(), table)


@command.command("diff")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--against", type=click.Path(path_type=Path), help="Another file instead of the shipped one."
)
@click.option("--since", type=Day(), help="Compare days from here on.  [default: all]")
@lake_options
def diff(file: Path, against: Path | None, since: date | None, lake: Lake, form: str) -> None:
    """Show what a mapping FILE changes in the data, against the shipped mapping.

    The newest archived universe is folded with both, from the series that the lake holds; nothing
    is fetched and nothing is published.

    \b
    Examples:
      datalake mapping diff my-mapping.yaml --sandbox
      datalake mapping diff my-mapping.yaml --against old-mapping.yaml --since 2026-01-01
    """
    before, after = (read_mapping(one, lake.around.registry) for one in (against, file))
    found = effect(
        before,
        after,
        lake.store,
        lake.around.registry,
        lake.around.environment,
        sandbox=lake.around.sandbox,
        since=since,
    )
    if form == "json":
        print_json(asdict(found))
        return
    _print_effect(found, f"{file} against {against or 'the shipped mapping'}", lake)


def _print_effect(found: Effect, title: str, lake: Lake) -> None:
    screen = console()
    about = f"{title}, in {lake.store.url}: universe of {found.as_of}, {found.assets} assets"
    screen.print(about, markup=False)
    for words, assets in (
        ("now in the universe", found.joined),
        ("no longer in it, folded into others", found.gone),
        ("folded no more", found.split),
        ("not in the lake, so without effect here", found.missing),
    ):
        if assets:
            screen.print(f"{words} ({len(assets)}): {', '.join(assets)}", markup=False)
    if not found.changes:
        screen.print("no number changes")
        return
    first = found.changes[0]
    moved = (
        f"{_percent(first.change)} on {first.last_day}, {_percent(first.mean_change)} in the mean"
    )
    screen.print(f"the largest change: {first.canonical_id}'s {first.column}, {moved}")
    table = new_table("")
    for heading in ("asset", "column", "last day", "before", "after", "change", "mean"):
        table.add_column(heading)
    for heading in ("days", "moved", "gained", "lost"):
        table.add_column(heading, justify="right")
    for one in found.changes:
        table.add_row(*_cells(one))
    print_fitting(screen, table)


def _cells(one: Change) -> tuple[str, ...]:
    figures = (one.days, one.moved, one.gained, one.lost)
    return (
        one.canonical_id,
        one.column,
        str(one.last_day),
        dollars(one.before),
        dollars(one.after),
        _percent(one.change),
        _percent(one.mean_change),
        *(f"{figure:,}" for figure in figures),
    )


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:+.1%}"
