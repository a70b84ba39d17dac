"""Which one of a list of classes does the image show?"""
