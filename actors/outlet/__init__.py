"""What actors tell for good and nobody waits for: gathered, written together, again until it succeeds."""
