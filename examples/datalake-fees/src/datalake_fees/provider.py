"""The fees that users pay to a protocol, day by day, by DefiLlama."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from datalake import Asset, Client, Column, Dataset, Plan, Provider, Rate, Stamp, Window


class Protocol(msgspec.Struct):
    """A row of `/protocols`."""

    slug: str
    gecko_id: str | None = None


class Summary(msgspec.Struct):
    """A body of `/summary/fees/{protocol}`: seconds since 1970, at midnight, and US dollars."""

    chart: list[tuple[int, float | None]] = msgspec.field(name="totalDataChart")


def resolve(asset: Asset, client: Client) -> str | None:
    """The one protocol whose token this is; a token of several is none of them."""
    listed = client.get("protocols", into=list[Protocol], keep=timedelta(hours=1))
    found = [row.slug for row in listed if row.gecko_id == asset.id]
    return found[0] if len(found) == 1 else None


def fetch(slug: str, window: Window, client: Client) -> dict[str, list[int] | list[float | None]]:
    """The whole history; datalake crops it to the window."""
    body = client.get("summary/fees/{slug}", {"slug": slug}, into=Summary)
    return {"time": [stamp for stamp, _ in body.chart], "fees": [value for _, value in body.chart]}


PROTOCOL = Dataset(
    name="protocol",
    columns={
        "fees": Column("US dollars", "paid by the users of the protocol in the day", minimum=0)
    },
    fetch=fetch,
    resolve=resolve,
    stamp=Stamp.START,
    settle=timedelta(hours=6),  # adapters run after midnight; when the last is in, nobody says
    since=date(2018, 1, 1),
    whole=True,
    tolerance=1e-4,
)

FEES = Provider(
    name="fees",
    title="Fees by DefiLlama",
    plans=[Plan("free", "https://api.llama.fi", Rate(120))],
    datasets=[PROTOCOL],
)
