"""Large numbers as people read them."""

_COUNTS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_BYTES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_NEXT = 0.9995  # of a unit: from here on three figures round up to one of it


def short_count(number: int) -> str:
    """A count in three figures and a unit.

    >>> short_count(15_470_264_320), short_count(118_013_952), short_count(61_706), short_count(12)
    ('15.5 G', '118 M', '61.7 k', '12')
    """
    for size, unit in _COUNTS:
        if number >= _NEXT * size:
            return f"{number / size:#.3g}".rstrip(".") + f" {unit}"
    return str(number)


def binary_bytes(size: float) -> str:
    """Bytes in KiB, MiB or GiB.

    >>> binary_bytes(3 * 2**20 + 2**19), binary_bytes(2048), binary_bytes(40)
    ('3.50 MiB', '2.00 KiB', '40 B')
    """
    for step, unit in _BYTES:
        if size >= step:
            return f"{size / step:,.2f} {unit}"
    return f"{size:.0f} B"
