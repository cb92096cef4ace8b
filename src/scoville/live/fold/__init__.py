"""Accepted messages become people, what is known of them, and what they did; their leads are to be scored."""
