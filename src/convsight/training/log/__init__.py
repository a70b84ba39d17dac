"""What a training reaches, for the programs that people compare runs with: a file for each, beside `metrics.csv`."""
