"""The studio: where the model is written, tried and put in force.

`editor` shows a draft as forms (`rules`, `conditions`, `sentences`), `yaml_view` as text: two views of the one file
that `draft` keeps. What a draft would do, its versions and what was learned have modules of their own beside them.
"""

from __future__ import annotations

from scoville.web.pages.studio import beginning, editor, learning, preview, versions, yaml_view

ROUTERS = (editor.router, yaml_view.router, beginning.router, preview.router, versions.router, learning.router)
