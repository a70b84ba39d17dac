"""Detection: which things does the picture show, and where?"""
