"""Whether a map says what the network looks at: what hiding does to the answer, beside maps that know nothing of it."""
