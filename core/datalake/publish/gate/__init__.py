"""The gate: what a candidate is held against before it replaces anything."""
