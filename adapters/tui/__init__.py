"""The live view of a running gateway in a terminal; needs the extra `tui`."""
