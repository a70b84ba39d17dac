"""Looking inside with evidence: maps of what an answer depends on, and whether they are better than chance."""

from convsight.callable_room import make_callable

make_callable(__name__)
