"""What runs a plan: the only place that knows an engine."""
