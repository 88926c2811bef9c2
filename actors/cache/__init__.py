"""Answers that may be given again: to the very same request of the same caller, where nothing is left to chance."""
