"""What regression needs without PyTorch."""
