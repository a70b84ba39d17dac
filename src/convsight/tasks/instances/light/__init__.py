"""The half of instances that needs no PyTorch."""
