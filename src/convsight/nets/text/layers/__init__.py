"""The layers a text can name: what each is given, and what it makes of a volume. No PyTorch."""
