"""The half of panoptic segmentation that needs no PyTorch."""
