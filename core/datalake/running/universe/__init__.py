"""Which assets a run is about: asked of a provider or read back, folded, and archived."""
