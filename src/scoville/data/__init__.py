"""Data in: anything a user may name becomes clean leads, events and accounts.

The way of a lead through this package: `sources` reads it (`dialects` and `memory` know the kinds), `columns` says
which column is which, `clean` and `clean_events` give every value a type and every row a use or a reason, `identity`
makes duplicates one, `quality` sums it up, and `load` does all of it in one call. `workspace` is the user's say in it.
"""
