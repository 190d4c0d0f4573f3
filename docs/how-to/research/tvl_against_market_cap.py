"""What is an asset worth for each dollar that is locked in it? Value locked against market cap.

Both come from the published file (`lake.published`), so that they are of the same canonical asset
and of the same day, whatever the vendors call it.

    python tvl_against_market_cap.py                                   # the simulated market
    python tvl_against_market_cap.py --lake gs://BUCKET --output FILE  # what your runs published
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import polars as pl
from matplotlib.figure import Figure

import datalake

KINDS = {"chain_tvl": ("chains", "#1f5fa8"), "protocol_tvl": ("protocols", "#c8502d")}
#: Dollars below which value locked is an accident.
LEAST = 1e6
FILE = "tvl-lake/user_facing_data.parquet"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lake", help="a lake; without one the sandbox makes one")
    parser.add_argument("--output", help="the published file  [default: the lake's own]")
    parser.add_argument("--top", type=int, default=100)
    parser.add_argument("--picture", type=Path, default=Path("tvl_against_market_cap.png"))
    given = parser.parse_args()
    if given.lake is None:
        simulate("tvl-lake", given.top)
    lake = datalake.open(given.lake or "tvl-lake", output=given.output)
    rows, day = latest(lake)
    draw(rows, day, lake.origin == "sandbox").savefig(given.picture, dpi=150)
    print(rows)


def simulate(folder: str, top: int) -> None:
    """A run of the main job."""
    result = datalake.run(
        cache=folder,
        output=FILE,
        sandbox=True,
        as_of="2026-03-15T10:30Z",
        since="2026-03-01",
        top=top,
        providers=["coingecko", "defillama"],
        datasets=["coingecko.market", "defillama.chain_tvl", "defillama.protocol_tvl"],
    )
    assert result.exit_code in (0, 3), result.report.message


def latest(lake: datalake.Lake) -> tuple[pl.DataFrame, date]:
    """A row for each asset and kind: the values of the day on which most are known."""
    published = lake.published(columns=["market_cap", *KINDS])
    table = pl.from_arrow(published).with_columns(pl.col("date").dt.date())
    long = table.unpivot(
        list(KINDS), index=["date", "canonical_id", "market_cap"], variable_name="kind"
    ).rename({"value": "tvl"})
    known = long.filter((pl.col("tvl") >= LEAST) & (pl.col("market_cap") > 0))
    counts = known.group_by("date").len().sort("len", "date")
    day = counts["date"][-1]
    return known.filter(pl.col("date") == day).sort("tvl", descending=True), day


def draw(rows: pl.DataFrame, day: date, simulated: bool) -> Figure:
    """Market cap over value locked, both logarithmic; lines of equal ratio."""
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.subplots()
    for kind, (label, color) in KINDS.items():
        part = rows.filter(pl.col("kind") == kind)
        axes.scatter(part["tvl"], part["market_cap"], s=26, color=color, alpha=0.75, label=label)
        for name, tvl, cap in part.select("canonical_id", "tvl", "market_cap").head(5).iter_rows():
            axes.annotate(
                name,
                (tvl, cap),
                xytext=(-6, 0) if kind == "chain_tvl" else (6, 0),
                textcoords="offset points",
                ha="right" if kind == "chain_tvl" else "left",
                va="center",
                fontsize=7,
                color=color,
            )
    axes.set(xscale="log", yscale="log", xlabel="value locked (USD)", ylabel="market cap (USD)")
    low, high, bottom, top = LEAST / 2, 5e11, 1e8, axes.get_ylim()[1]
    for ratio in (1, 10, 100):
        axes.plot(
            [low, high], [low * ratio, high * ratio], color="#b4b8bf", linewidth=0.8, zorder=0
        )
        axes.annotate(
            f" {ratio} to 1",
            (bottom / ratio, bottom),
            xytext=(2, 2),
            textcoords="offset points",
            color="#8a8f98",
            fontsize=8,
        )
    axes.set(xlim=(low, high), ylim=(bottom, top))
    axes.grid(alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    market = " of the simulated market" if simulated else ""
    axes.set_title(f"Market cap against value locked{market}, {day}", loc="left")
    return figure


if __name__ == "__main__":
    main()
