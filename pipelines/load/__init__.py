"""Bring windows into the warehouse, and take out of the files what is gone."""
