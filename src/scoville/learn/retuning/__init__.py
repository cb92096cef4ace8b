"""The rules of a model stay; its numbers are measured anew."""
