"""The fault campaign: real runs that something is done to, and what they leave behind.

`python tests/campaign` runs all of it and prints the table of `docs/faults.md`.
"""
