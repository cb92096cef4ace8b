"""Long work: asked for as a row, done by the worker in a process of its own, told as it goes."""
