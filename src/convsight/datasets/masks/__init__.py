"""Images with masks: a class for every pixel, things with their pixels, or both; a file a format."""
