"""Ratios that tell whether start-up, cache and memory are as they should be."""
