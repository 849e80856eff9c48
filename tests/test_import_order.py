"""Each part of kerasviz imports only from the parts before it (DESIGN, section 2): inside functions too.

`kerasviz/__init__.py` stands outside: it names everything. What is looked up by name when it is used (families in
`declare`, the operators of a symbol) is no import statement. Parts of one line do not know each other.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "kerasviz"
STATIONS = """
declare
tensors
ops
activations initializers regularizers constraints random tree config backend dtype_policies
layers
graph
losses
metrics optimizers
mixed_precision
saving
events
callbacks
training
models
legacy
document
insight
runs
preprocessing datasets applications distribution tuner export quantizers utils visualization wrappers
catalog
widgets
""".strip().splitlines()
PLACE = {part: index for index, parts in enumerate(STATIONS) for part in parts.split()}
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imported_parts(node: ast.AST) -> Iterator[tuple[int, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom) and child.module == "kerasviz":
            yield from ((child.lineno, alias.name) for alias in child.names)
        elif isinstance(child, ast.ImportFrom | ast.Import):
            names = [child.module or ""] if isinstance(child, ast.ImportFrom) else [alias.name for alias in child.names]
            yield from ((child.lineno, name.split(".")[1]) for name in names if name.startswith("kerasviz."))
        elif not is_for_types_only(child):
            yield from imported_parts(child)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_from_parts_before_its_own(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert own in PLACE, f"{own} has no place in the order of the parts"
    for line, part in imported_parts(ast.parse(path.read_text(encoding="utf-8"))):
        before = part == own or PLACE.get(part, len(STATIONS)) < PLACE[own]
        assert before, f"{path}:{line} imports {part}, which does not stand before {own}"


def test_no_module_imports_relative_to_itself():
    relative = [
        f"{path}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative, "the order is told by full names"
