"""What a host learns from answers, some moments after they were given."""
