"""Who works a lead: owners with their hours and capacity, rules, a fair choice, and a queue that loses nobody.

Read downward, the way of a lead: `queue` (it is to have an owner), `facts` (what the rules look at), `holding` (which
rules hold), `deciding` (who gets it, or why nobody), `assigning` (it is written down), `touching` (it was worked).
"""
