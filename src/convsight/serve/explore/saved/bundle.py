"""ES modules of our own as one script: each a function of its own, in the order in which they need one another."""

import re
from collections.abc import Callable, Iterator

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([./\w]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) ([\w$]+))", re.MULTILINE)


def bundled(entry: str, read: Callable[[str], str]) -> str:
    r"""The module called `entry` with all that it imports; `read` gives the text of one by the name of its file.

    Imports must name what they take, exports stand where a function, a class or a constant is made, as in all of our
    modules. Raises ValueError for any other.

    >>> modules = {"a.js": 'import { two } from "./b.js";\nshow(two);\n', "b.js": "export const two = 2;\n"}
    >>> print(bundled("a.js", modules.__getitem__), end="")
    const module_b = (() => {
    const two = 2;
    return { two };
    })();
    <BLANKLINE>
    const module_a = (() => {
    const { two } = module_b;
    show(two);
    return {  };
    })();
    """
    return "\n".join(_wrapped(name, read(name)) for name in _ordered(entry, read, []))


def _ordered(name: str, read: Callable[[str], str], under_way: list[str]) -> Iterator[str]:
    """`name` behind what it needs, each once; raises ValueError where modules need one another in a circle."""
    if name in under_way:
        raise ValueError(f"modules need one another: {' '.join([*under_way, name])}")
    seen: dict[str, None] = {}
    for match in _IMPORT.finditer(read(name)):
        seen |= dict.fromkeys(_ordered(_file(match[2]), read, [*under_way, name]))
    yield from seen
    yield name


def _wrapped(name: str, text: str) -> str:
    exported = [match[1] for match in _EXPORT.finditer(text)]
    inside = _IMPORT.sub(lambda match: f"const {{{match[1]}}} = {_variable(_file(match[2]))};\n", text)
    inside = _EXPORT.sub("", inside)
    if re.search(r"^(import|export)\b", inside, re.MULTILINE):
        raise ValueError(f"{name} imports or exports in another way than our modules do")
    return f"const {_variable(name)} = (() => {{\n{inside}return {{ {', '.join(exported)} }};\n}})();\n"


def _file(address: str) -> str:
    return address.rpartition("/")[2]


def _variable(name: str) -> str:
    return f"module_{name.removesuffix('.js')}"
