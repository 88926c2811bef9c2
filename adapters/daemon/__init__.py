"""Another gateway's native API."""
