"""What outlives the process: the stores behind the ports of ledger, audit and conversations."""
