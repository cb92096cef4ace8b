"""Where to put the line: from capacity, precision, recall, cost and value, or from where the last customers stood.

Read `threshold` first: it scores the past weeks, finds who crosses each line (`crossings`), and lets each of the
`wishes` choose its line (`choices`). `trade_off` is the curve between them.
"""
