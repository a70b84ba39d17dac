"""How good boxes and masks of single things are: who found what, average precision, thresholds, kinds of errors."""
