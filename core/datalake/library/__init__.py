"""What a notebook or a pipeline calls: a lake to read from, and a run."""
