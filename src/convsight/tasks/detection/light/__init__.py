"""The light half of detection: arrays to boxes, boxes to numbers. No PyTorch."""
