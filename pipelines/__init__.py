"""From raw answers to published tables and digests: plain functions over files and one DuckDB warehouse."""

__version__ = "0.1.0"
