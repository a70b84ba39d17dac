"""The light half of segmentation: arrays to class maps, class maps to numbers. No PyTorch."""
