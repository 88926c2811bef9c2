"""The debug port: a way to look into a running system, and the programs that look."""
