"""A boosted model beside the points: learned, kept in a file of text and numbers, and asked about leads."""
