"""A class for every pixel, and things of one class told apart."""
