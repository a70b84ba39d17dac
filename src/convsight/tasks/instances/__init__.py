"""Instances: which things does the image show, and which pixels has each?"""
