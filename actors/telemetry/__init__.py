"""Telemetry: what happened, put together for those who trace."""
