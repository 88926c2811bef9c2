"""Skills: which a request calls for, and the steps of one that is run."""
