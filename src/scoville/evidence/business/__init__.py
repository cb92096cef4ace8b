"""What leads cost and bring back, and what the open ones should bring next.

`money` and `funnel` look back, `forecast` and `expected` ahead; `lead_rows` is what they all read.
"""
