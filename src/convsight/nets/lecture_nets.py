"""The three Keras networks of the lecture "CNN overview" (V. Havard, CESI LINEACT), word by word.

They start as Keras starts them: Glorot-uniform weights and zero biases. The dense layer is as wide as the images make
it.
"""

# Two convolutions and a dense layer; 52,010 parameters at 28 x 28 x 3 and 10 classes.
LECTURE1 = "conv 16 3x3 relu | conv 32 5x5 stride 2 relu | flatten | dense classes"

# With max pooling after each convolution; still 52,010.
LECTURE2 = (
    "conv 16 3x3 relu | maxpool 2 same stride 1 | conv 32 5x5 stride 2 relu | maxpool 2 same stride 1 "
    "| flatten | dense classes"
)

# With a 3x3 second convolution; 50,890 at 28 x 28 x 1.
LECTURE3 = (
    "conv 16 3x3 relu | maxpool 2 same stride 1 | conv 32 3x3 stride 2 relu | maxpool 2 same stride 1 "
    "| flatten | dense classes"
)
