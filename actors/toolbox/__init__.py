"""The tools that the gateway runs itself: which there are, and running one."""
