"""What is told outside of attempts, requests and escalations, and how it gets there."""
