"""Which things an image shows, and which pixels are of each."""
