"""The HTTP API: Starlette on uvicorn, one more client of the actors."""
