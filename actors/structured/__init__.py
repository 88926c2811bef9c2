"""Answers that are data: read, checked against their schema, and asked for again with what was wrong."""
