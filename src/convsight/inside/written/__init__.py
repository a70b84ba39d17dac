"""Every number of a network written out: which operations give it, from which numbers, through which weights."""
