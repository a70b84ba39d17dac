"""The parts of the page about a run: one subject a file, none of which knows the kind of question."""
