"""What looks written after the outcome: traits and rules, each with its reason.

They are named before anybody believes a figure.
"""
