"""What is said: frozen values and errors. Imports nothing of ours."""
