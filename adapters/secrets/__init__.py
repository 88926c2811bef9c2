"""Where credentials come from, beside the settings and the environment: Vault, and what other programs keep."""
