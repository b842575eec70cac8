"""Feeds from the web: guarded fetching, fenced parsing, and what a person wants to know about them."""
