"""Large numbers as people read them."""

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(number: float) -> str:
    """A count with three figures and a unit.

    >>> short(15_470_264_320), short(118_013_952), short(9408), short(12)
    ('15.5 G', '118 M', '9.41 k', '12')
    """
    for size, unit in _STEPS:
        if number >= size:
            return f"{number / size:.3g} {unit}" if number / size < 999.5 else f"{number / size:.0f} {unit}"
    return f"{number:.3g}" if number != int(number) else f"{int(number)}"


def binary_bytes(size: float) -> str:
    """Bytes in KiB, MiB or GiB.

    >>> binary_bytes(3 * 2**20 + 2**19), binary_bytes(2048), binary_bytes(40)
    ('3.50 MiB', '2.00 KiB', '40 B')
    """
    for step, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= step:
            return f"{size / step:,.2f} {unit}"
    return f"{size:.0f} B"
