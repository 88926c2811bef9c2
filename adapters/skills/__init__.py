"""Skills of the host's: classes with methods, and Markdown files."""
