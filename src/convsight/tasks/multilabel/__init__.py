"""Which of a list of labels does the image show, any number of them?"""
