"""Vendors' wire formats as pure functions: bytes to our types and back."""
