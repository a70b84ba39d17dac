"""Networks as folders that people share, locally or over the Hugging Face hub: four files, and never code."""
