"""Every network that has a name, with its figures, read from one file without PyTorch."""
