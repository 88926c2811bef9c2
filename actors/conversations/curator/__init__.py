"""Shortens what was said long ago: each strategy by itself is pure and may be applied again to what it made."""
