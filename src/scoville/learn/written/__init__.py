"""A chosen card -> the text of a model file, with what speaks for each rule beside it."""
