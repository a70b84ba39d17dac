"""Regression: one number or several about an image, each with an interval."""
