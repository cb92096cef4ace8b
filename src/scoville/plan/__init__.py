"""A model meets the columns of the data: the one place where a score is defined."""
