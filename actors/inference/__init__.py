"""The way of a request: route, attempt, fail over, answer."""
