"""The door: bytes of a request -> messages that are durably stored, or put aside with the reason.

Read downward, the way of a request: `inflating` (gzip -> bytes), `parsing` (bytes -> JSON values), `reading`
(values -> messages and refusals, by the rules of `fields` and `clock`), `inbox` (many requests -> one transaction).
"""
