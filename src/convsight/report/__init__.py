"""A run as one page, and several runs side by side."""
