"""Who asked for what, and how it ended: one event per request."""
