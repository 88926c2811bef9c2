"""Who does the work: one folder per concern, the shell (actor.py) beside pure modules (the thinking)."""
