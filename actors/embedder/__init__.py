"""Texts into vectors: which model, in which pieces, and all of one request in one vector space."""
