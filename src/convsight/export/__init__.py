"""Model files from and to networks, and the deployed network run by PyTorch."""
