"""The light half of several labels: probabilities to label sets, label sets to numbers. No PyTorch."""
