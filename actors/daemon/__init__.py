"""Asks another gateway on this machine before doing the work itself."""
