"""One run: its pipeline calls the folders beside it, from the universe to the report."""
