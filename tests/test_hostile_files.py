"""Damaged and hostile files of every kind are read or refused; `benchmarks/fuzz_readers.py` tries more of them."""

from pathlib import Path

import pytest
from tests.hostile_files import Kind, emptied, fault, kinds

from convsight.errors import UserError
from convsight.run import Run

_TRIED = 12  # of each kind


def test_every_kind_is_read_or_refused(exported_run: Run, tmp_path: Path) -> None:
    found = []
    for name, kind in kinds(exported_run).items():
        for number in range(_TRIED):
            with emptied(tmp_path / "one") as folder:
                wrong = fault(kind, folder, f"test {name} {number}")
            if wrong:
                found.append(f"{name} {number}: {wrong}")
    assert not found, "\n".join(found)


def test_what_is_good_is_read(exported_run: Run, tmp_path: Path) -> None:
    for kind in kinds(exported_run).values():
        with emptied(tmp_path / "one") as folder:
            kind.read(kind.make(folder))


@pytest.mark.parametrize("number", ["9" * 100_000, "1" * 5_000])
def test_numbers_of_very_many_digits(exported_run: Run, tmp_path: Path, number: str) -> None:
    by_name = kinds(exported_run)
    for name, old in {
        "COCO": '"width": 32',
        "settings": "epochs = 3",
        "card in safetensors": '"height":16',
        "data.yaml": "nc: 2",
    }.items():
        with emptied(tmp_path / "one") as folder:
            file = by_name[name].make(folder)
            content = file.read_bytes()
            assert old.encode() in content.replace(b'\\"', b'"')
            start = content.replace(b'\\"', b'"').index(old.encode())
            new = old.rstrip("0123456789") + number
            if name.startswith("card"):
                content = _with_header(content, old, new)
            else:
                content = content[:start] + new.encode() + content[start + len(old) :]
            file.write_bytes(content)
            with pytest.raises(UserError) as error:
                by_name[name].read(file)
            assert len(str(error.value)) < 2_000


def _with_header(content: bytes, old: str, new: str) -> bytes:
    """A safetensors file, whose card stands in a JSON text within the header."""
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].replace(old.replace('"', '\\"').encode(), new.replace('"', '\\"').encode(), 1)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def test_the_fuzz_finds_faults(tmp_path: Path) -> None:
    def make(folder: Path) -> Path:
        (folder / "a").write_text('{"a": 3}')
        return folder / "a"

    kind = Kind(make, lambda file: int(file.read_text()))
    with emptied(tmp_path / "one") as folder:
        assert fault(kind, folder, "any").startswith("ValueError: invalid literal")
