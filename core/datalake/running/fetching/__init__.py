"""Series from the cache or their providers, which are asked side by side."""
