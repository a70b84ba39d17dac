"""Segmentation: of which class is every pixel, or every voxel of a volume?"""
