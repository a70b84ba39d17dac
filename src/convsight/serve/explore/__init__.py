"""The page that shows a network at work on a picture, through the server that answers predictions."""
