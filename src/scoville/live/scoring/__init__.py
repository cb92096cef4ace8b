"""Leads whose facts changed, or whose points faded, get their new score."""
