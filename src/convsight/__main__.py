"""`python -m convsight`."""

from convsight.cli import main

main()
