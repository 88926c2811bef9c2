"""Knowledge that may help with a request: who has it, and how much of it a model is told."""
