"""The query language: what a brand listens for, matched alike in every text and put into each network's own words."""
