"""Networks written as a short text, such as `conv 16 3x3 relu | maxpool 2 | flatten | dense classes`.

`source` says what is such a text, `parse` and `write` turn it into layers and back, `walk` and `check` do its shape
arithmetic without PyTorch, and `build` makes the network.
"""
