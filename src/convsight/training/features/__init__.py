"""What frozen stages tell of images, computed once, kept on disk, and given to the layers that learn."""
