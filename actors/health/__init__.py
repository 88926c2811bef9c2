"""How every provider instance is doing: circuit breakers and latency windows."""
