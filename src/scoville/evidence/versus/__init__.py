"""Which of several models is better, on the same leads of the same past.

`compare` asks, `paired` and `at_capacity` answer; `moves` says who changes stage, `differences` what differs between
the files.
"""
