"""Pretrained networks as they are: a card for weights that were trained elsewhere, and the model folder with both."""
