"""What a card could say about a lead: traits, and what it did in many forms. Each knows the rule it would be."""
