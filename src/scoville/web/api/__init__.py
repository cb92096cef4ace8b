"""The API: thin routes over what Live knows and does. `route` guards them, `changes` makes their changes whole."""
