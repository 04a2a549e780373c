"""One figure a module; each has `draw(theme, …) -> Figure`."""
