"""Providers: a dialect, an origin and credentials behind the connection's port."""
