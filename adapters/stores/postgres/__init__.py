"""A PostgreSQL server that several hosts share: group commit, a pool for those who read, migrations forward (extra `postgres`)."""
