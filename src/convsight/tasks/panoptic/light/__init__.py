"""What of panoptic needs no PyTorch."""
