"""Stores in this process: bounded, gone at its end, and the measure of what the durable ones must do."""
