"""Trained networks over HTTP: uploads in, answers out, the load bounded on every side. No PyTorch."""
