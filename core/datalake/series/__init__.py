"""Series: one dataset for one asset, as an Arrow table with one row per UTC day."""

from .boundary import Series, series_schema, to_series

__all__ = ["Series", "series_schema", "to_series"]
