"""What was used: one record per attempt, and running totals."""
