"""The steps that every request takes: `table.py` read from top to bottom is the pipeline."""
