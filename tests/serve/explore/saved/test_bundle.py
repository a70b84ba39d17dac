"""Modules as one script."""

import pytest

from convsight.serve.explore.saved.bundle import bundled


def test_each_module_stands_once_behind_what_it_needs() -> None:
    modules = {
        "a.js": 'import { c } from "./c.js";\nimport {\n  b, other,\n} from "../b.js";\n',
        "b.js": 'import { c } from "./c.js";\nexport async function b() {}\nexport const other = 1;\n',
        "c.js": "export class c {}\nexport const $ = 1;\n",
    }
    text = bundled("a.js", modules.__getitem__)
    assert [line.split()[1] for line in text.splitlines() if "=> {" in line] == ["module_c", "module_b", "module_a"]
    assert "return { b, other };" in text
    assert "return { c, $ };" in text
    assert "const {\n  b, other,\n} = module_b;" in text


@pytest.mark.parametrize("text", ['import x from "./b.js";\n', "export default 1;\n", 'export * from "./b.js";\n'])
def test_other_ways_to_import_and_export_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="another way"):
        bundled("a.js", {"a.js": text}.__getitem__)


def test_a_circle_is_refused() -> None:
    modules = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}
    with pytest.raises(ValueError, match=r"a\.js b\.js a\.js"):
        bundled("a.js", modules.__getitem__)
