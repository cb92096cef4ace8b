"""Figures that rest on scores and outcomes alone: arrays in, frozen figures with their intervals out. Pure.

`sample` says whose rows they are, `ranking` whether the score ranks, `brackets` and `matrix` how conversion goes with
it, `calibration` what probability a score stands for, and `estimates` what rates, means and medians are worth.
"""
