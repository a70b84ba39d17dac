"""Answers that another tool gave about images with known targets: labels, boxes and masks, a file a format."""
