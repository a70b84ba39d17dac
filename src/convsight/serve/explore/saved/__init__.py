"""The explorer as one file that needs no server: what its page asks is computed in the page."""
