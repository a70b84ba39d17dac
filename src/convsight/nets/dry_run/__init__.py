"""Networks without numbers: built and run on PyTorch's meta device, which computes shapes and nothing else."""
