"""Sends requests to workers on other machines, and serves those of other gateways."""
