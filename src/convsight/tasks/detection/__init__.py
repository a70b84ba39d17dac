"""Detection: which things does the image show, and where?"""
