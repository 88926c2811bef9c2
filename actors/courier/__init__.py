"""Hands on what happened here to whoever listens outside: every event once."""
