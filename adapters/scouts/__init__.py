"""Looking at provider instances: which models they have, and what they say of them."""
