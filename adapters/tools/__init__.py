"""Tools: functions of the host, and MCP servers."""
