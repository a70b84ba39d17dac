"""The encoding of standard output: what it lacks never stops a verb, and CSV is UTF-8."""

import io
import sys


def print_whatever_is_named() -> None:
    """Let standard output and error show what their encoding lacks as escapes, rather than stop a verb at its end."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def print_utf8() -> None:
    """Let standard output be UTF-8, as files of CSV are, where it goes to a file or a program."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
