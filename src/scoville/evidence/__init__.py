"""Evidence: does the model rank, are its probabilities true, where should the lines be? Measured on the past.

`sample`, `ranking`, `brackets` and `calibration` are pure: arrays of scores and outcomes in, frozen figures out. Every
figure comes with an interval or with the reason why it cannot be told. docs/evidence.md says how to read them.
"""
