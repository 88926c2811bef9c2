"""Where the record of requests goes, beside the store: a file of JSON lines, and the log."""
