"""Shadow evaluation: another model is asked the same, and nobody hears its answer."""
