"""Whether an answer is good enough, and how much it may be trusted, as far as that can be told without a second model."""
