"""The server: HTTP in front of Live."""
