"""Does momentum pay? And how much of the answer comes from asking only those who survived?

Each month the fifth of the assets that rose most in the past 90 days is bought, and held for a
month, out of the 50 that were the largest at that time (`lake.universe(as_of)`), by the prices
that were known at that time (`lake.series(…, as_of=…)`). Beside it the same rule on the assets
that are the largest *today*, by the prices that are known today: the mistake that a list of assets
invites.

    python momentum.py                      # on the simulated market, in a folder of its own
    python momentum.py --lake gs://BUCKET   # on a lake whose runs have archived universes
"""

from __future__ import annotations

import argparse
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import polars as pl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

import datalake

#: Days of which the return ranks the assets, and the part of them that is bought.
LOOK_BACK, BOUGHT = timedelta(days=90), 5
#: By what is known now, without an `as_of`, of the day that is bought and of the day that is sold.
NOW = [None, None]
BLUE, GREY, RED = "#1f5fa8", "#8a8f98", "#c8502d"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lake", help="a lake with universes; without one the sandbox makes one")
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--picture", type=Path, default=Path("momentum.png"))
    given = parser.parse_args()
    months = month_starts(given.months + 1)
    if given.lake is None:
        simulate("momentum-lake", months, given.top)
    lake = datalake.open(given.lake or "momentum-lake")
    returns = study(lake, months, given.top)
    draw(returns, given.top, lake.origin == "sandbox").savefig(given.picture, dpi=150)
    with pl.Config(tbl_rows=-1):
        print(returns)


def month_starts(count: int, last: date = date(2026, 3, 1)) -> list[datetime]:
    """Noon of the first day of so many months, the last one included."""
    first = [
        date(last.year + (last.month - 1 - back) // 12, (last.month - 1 - back) % 12 + 1, 1)
        for back in reversed(range(count))
    ]
    return [datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc) for day in first]


def simulate(folder: str, months: list[datetime], top: int) -> None:
    """A run at each of these instants, as a job would have made it; each archives its universe."""
    for moment in months:
        result = datalake.run(
            cache=folder,
            sandbox=True,
            as_of=moment,
            top=top,
            since=months[0].date() - LOOK_BACK - timedelta(days=1),
            datasets="coingecko.market",
        )
        assert result.exit_code in (0, 3), result.report.message


def study(lake: datalake.Lake, months: list[datetime], top: int) -> pl.DataFrame:
    """The return of each portfolio in each month from one instant to the next."""
    survivors = lake.universe(months[-1], top=top)["canonical_id"].to_pylist()
    rows = []
    for bought, sold in pairwise(months):
        then = lake.universe(bought, top=top)["canonical_id"].to_pylist()
        gone = len(set(then) - set(survivors))
        row: dict[str, object] = {"month": bought.date(), "since gone": gone}
        for name, assets, known in (("then", then, [bought, sold]), ("today", survivors, NOW)):
            rise = growth(lake, assets, bought.date() - LOOK_BACK, bought.date(), known[0])
            gain = growth(lake, assets, bought.date(), sold.date(), known[1])
            both = rise.join(gain.rename({"growth": "gain"}), on="asset")
            both = both.sort("growth", descending=True)
            winners = both.head(max(1, both.height // BOUGHT))
            row[f"momentum of {name}"] = winners["gain"].mean() - 1
            row[f"all of {name}"] = both["gain"].mean() - 1
        rows.append(row)
    return pl.DataFrame(rows)


def growth(
    lake: datalake.Lake, assets: list[str], first: date, last: date, as_of: datetime | None
) -> pl.DataFrame:
    """By what each asset's price was multiplied from the eve of one day to the eve of another, as
    was known at an instant (None: as is known now). Who stopped trading in between is sold at the
    last price."""
    eve = timedelta(days=1)
    table = lake.series(
        "coingecko.market",
        assets,
        since=first - eve,
        until=last - eve,
        columns=["price"],
        as_of=as_of,
        missing="skip",
    )
    prices = pl.from_arrow(table).drop_nulls("price").sort("asset", "date")
    ends = prices.group_by("asset").agg(
        pl.col("date").first(), (pl.col("price").last() / pl.col("price").first()).alias("growth")
    )
    return ends.filter(pl.col("date") == first - eve).select("asset", "growth")


def draw(returns: pl.DataFrame, top: int, simulated: bool) -> Figure:
    """What 1 became."""
    lines = {
        "all of then": (GREY, "-", "all of the largest of each time"),
        "momentum of today": (RED, "--", "the winners among today's largest: look-ahead"),
        "momentum of then": (BLUE, "-", "the winners among the largest of each time"),
    }
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    months = [*returns["month"], returns["month"][-1] + timedelta(days=31)]
    for column, (color, style, label) in lines.items():
        values = [1.0, *(1 + returns[column]).cum_prod()]
        axes.plot(
            months, values, style, color=color, linewidth=2, label=f"{values[-1]:.2f}  {label}"
        )
    axes.legend(frameon=False, loc="upper left")
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=9))
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.margins(y=0.2)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    market = "the simulated market" if simulated else "the market"
    axes.set_title(f"The {top} largest assets of {market}: what 1 became", loc="left")
    return figure


if __name__ == "__main__":
    main()
