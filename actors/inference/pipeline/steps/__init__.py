"""One small file a step; which step comes when stands in `table.py`."""
