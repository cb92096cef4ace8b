"""What is said to the world when a lead crosses a line: queued with the crossing, sent at least once.

Read downward, the way of a message: `defining` (what is to be said, to whom), `queueing` (crossing -> outbox row),
`delivering` (outbox row -> attempt -> what became of it), `sending` (one attempt), `retrying` (when the next one is).
"""
