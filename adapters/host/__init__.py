"""What the facade offers a host, a file for each thing."""
