"""Finds out which models there are, and how much memory for them."""
