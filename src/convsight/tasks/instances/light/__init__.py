"""What of instances needs no PyTorch."""
