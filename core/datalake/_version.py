"""The version of the distribution; the only place where it is written."""

#: The version of datalake.
__version__ = "0.1.0"
