"""The command line: `legion-llm`."""
