"""A toy task."""
