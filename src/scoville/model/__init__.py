"""The model file: YAML to a frozen Model, every problem at once, and advice."""
