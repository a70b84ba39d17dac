"""What PyTorch shows of a network: gradients, the maps of its layers, its filters."""
