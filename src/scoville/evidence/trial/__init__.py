"""A trial with living leads.

`experiment` plans and reads it, `assigning` gives each lead its variant, and `always_valid` has the interval that holds
however often one looks.
"""
