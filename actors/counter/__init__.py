"""How long a prompt is: the provider's word, or an estimate."""
