"""What is remembered of conversations: their log, its main line, and what of it goes before a request."""
