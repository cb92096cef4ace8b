"""The steps. Each knows the one before it; none is changed once it has been released."""
