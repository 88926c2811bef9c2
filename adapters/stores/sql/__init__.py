"""What every SQL database does for us: group commit, and the stores in the SQL that all of them understand."""
