"""Images with boxes: one file a format, and one place where boxes are checked."""
