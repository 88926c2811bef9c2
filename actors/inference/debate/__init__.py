"""A debate about an answer: who speaks, what they are told, and what the judge said."""
