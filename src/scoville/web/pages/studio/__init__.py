"""The studio: where the model is written, tried and put in force.

`editor` shows a draft as forms (`rules`, `conditions`, `sentences`), `yaml_view` as text: two views of the one file
that `draft` keeps. What a draft would do, its versions and what was learned have modules of their own beside them.
"""
