"""Where the world touches us: host facade, HTTP API, providers, stores, command line."""
