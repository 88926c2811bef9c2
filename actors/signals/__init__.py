"""What hosts notice about provider instances, weighed by their own handlers."""
