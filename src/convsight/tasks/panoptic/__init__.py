"""Panoptic: of which class is every pixel, and of which thing?"""
