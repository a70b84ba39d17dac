"""The same training several times: with folds in turn as its test, with other seeds, or both."""
