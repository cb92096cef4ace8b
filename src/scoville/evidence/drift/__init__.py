"""Does the model still hold?

`stability` follows it from snapshot to snapshot, `drifted` compares two dates or now with a saved `baseline`. How leads
look is a `profile`; how far two of them lie apart is told by `psi`, and what changed over time by `change`.
"""
