"""Training: data in, a judged network in a run folder out."""
