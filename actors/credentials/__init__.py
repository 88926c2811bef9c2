"""Which credential each provider instance is shown, and whether it is taken."""
