"""Models as versions: saved, tried, published, rolled back. Nothing of an older one is ever lost."""
