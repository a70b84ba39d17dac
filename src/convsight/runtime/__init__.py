"""A model file in use: answers, evaluation."""
