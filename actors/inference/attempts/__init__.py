"""The attempts of a request: who is asked next, how often, and when to stop. Nothing below this retries by itself."""
