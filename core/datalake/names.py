"""Names that others rely on: where series lie in a store, and what is published."""

#: Where series lie, and what revisions replaced in them.
SERIES, REVISIONS = "series/v1/", "revisions/v1/"

#: The published file, unless the user says otherwise.
OUTPUT = "user_facing_data.parquet"

#: What a published row is known by; rows are sorted by the second, then the first.
KEYS = ("date", "canonical_id")

#: The ten columns of every published file, in their order; extended ones follow them.
STANDARD = (
    *KEYS,
    "close",
    "volume",
    "market_cap",
    "chain_tvl",
    "protocol_tvl",
    "dex_volume",
    "lc_galaxy_score",
    "lc_sentiment",
)
