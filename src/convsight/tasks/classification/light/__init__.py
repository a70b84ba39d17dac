"""The light half of classification: probabilities to labels, labels to numbers. No PyTorch."""
