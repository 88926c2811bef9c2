"""Whether a request may be answered, and where: the thinking behind the steps that govern."""
