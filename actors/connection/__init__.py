"""One actor per provider instance: admits calls, bounds them, reports how they ended."""
