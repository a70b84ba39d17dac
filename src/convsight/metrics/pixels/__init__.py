"""How good masks are: a class for every pixel, masks of single things, and both at once. NumPy and SciPy alone."""
