"""Sequential networks that Keras saved: their layers as a network's text has them, and their weights.

Nothing of Keras or TensorFlow is imported, and nothing in a file is run.
"""
