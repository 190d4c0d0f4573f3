"""Series: one dataset for one asset, as an Arrow table with one row per UTC day."""

from .boundary import Reject, Series, delivered_days, series_schema, to_open_day, to_series

__all__ = ["Reject", "Series", "delivered_days", "series_schema", "to_open_day", "to_series"]
