"""Live: events in, scores within a second, action when a lead gets hot.

Read downward, the way of an event: `ingest` (request -> durable inbox), `fold` (inbox -> people, traits, events),
`scoring` (dirty leads -> scores, ledger, stage changes), `routing` and `actions` (stage changes -> owners, messages).
`store` is what all of them remember in.
"""
