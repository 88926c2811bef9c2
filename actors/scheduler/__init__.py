"""Requests that need no answer now: kept, put off to the end of the peak, and answered in order of their urgency."""
