"""A model file in use: predictions, evaluation."""
