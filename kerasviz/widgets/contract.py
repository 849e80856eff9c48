"""Writes `js/src/contract.ts`: the traits, records, messages and requests that page and kernel share.

python -m kerasviz.widgets.contract            writes it
python -m kerasviz.widgets.contract --check    fails where it is not up to date
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import traitlets as t

from kerasviz.widgets import messages, records
from kerasviz.widgets.base import Widget
from kerasviz.widgets.callback_panel import CallbackPanel
from kerasviz.widgets.graph_editor import GraphEditor
from kerasviz.widgets.inspector import Inspector
from kerasviz.widgets.studio import Studio
from kerasviz.widgets.training_view import TrainingView

HEADER = "// Written by `python -m kerasviz.widgets.contract`. Change the Python classes instead.\n"
TARGET = Path(__file__).parents[2] / "js" / "src" / "contract.ts"
PANELS = (GraphEditor, TrainingView, CallbackPanel, Inspector)
PLAIN = {"int": "number", "float": "number", "str": "string", "bool": "boolean", "Any": "Json", "object": "Json"}


def ts(node: ast.expr) -> str:
    """The TypeScript for a Python annotation."""
    if isinstance(node, ast.Constant):
        return "null" if node.value is None else ts(ast.parse(str(node.value), mode="eval").body)
    if isinstance(node, ast.Name):
        return PLAIN.get(node.id, node.id)
    if isinstance(node, ast.BinOp):
        return f"{ts(node.left)} | {ts(node.right)}"
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return generic(node.value.id, node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])
    raise NotImplementedError(ast.unparse(node))


def generic(name: str, parts: list[ast.expr]) -> str:
    """The TypeScript for `name[parts]`."""
    if name == "Literal":
        return " | ".join(json.dumps(ast.literal_eval(part)) for part in parts)
    inner = [ts(part) for part in parts]
    if name == "list":
        return f"({inner[0]})[]" if "|" in inner[0] else f"{inner[0]}[]"
    if name == "dict":
        return f"{{ [key: string]: {inner[1]} }}" if inner[1] == "Json" else f"Record<string, {inner[1]}>"
    return f"[{', '.join(inner)}]" if name == "tuple" else inner[0]


def comment(text: str | None, indent: str = "") -> str:
    """A doc comment, or nothing."""
    if not text:
        return ""
    lines = inspect.cleandoc(text).splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def record(node: ast.ClassDef) -> str:
    """The interface of a TypedDict."""
    bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id != "TypedDict"]
    partial = any(keyword.arg == "total" for keyword in node.keywords)
    extends = f" extends {', '.join(bases)}" if bases else ""
    lines = [f"{comment(ast.get_docstring(node))}export interface {node.name}{extends} {{"]
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            optional = partial or ast.unparse(field.annotation).startswith("NotRequired[")
            lines.append(f"  {field.target.id}{'?' * optional}: {ts(field.annotation)};")
    return "\n".join([*lines, "}\n"])


def declarations(module: object) -> Iterator[str]:
    """The types of a module of records, in its order."""
    for node in ast.parse(inspect.getsource(module)).body:  # type: ignore[arg-type]
        if isinstance(node, ast.ClassDef):
            yield record(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield f"export type {node.target.id} = {ts(node.value)};\n"


def trait_type(trait: t.TraitType) -> str:
    """The TypeScript for a trait."""
    name = trait.metadata.get("record")
    if isinstance(trait, t.Enum):
        name = name or " | ".join(json.dumps(value) for value in trait.values or ())
    elif isinstance(trait, t.List):
        name = f"{name or trait_type(trait._trait)}[]"
    elif not name:
        name = {t.Unicode: "string", t.Int: "number", t.Float: "number", t.Bool: "boolean"}[type(trait)]
    return f"{name} | null" if trait.allow_none else name


def traits(widget: type[Widget], inherited: type[Widget] | None = None) -> str:
    """The interface of a widget's synced traits."""
    known = set(inherited.class_traits(sync=True)) if inherited else set()
    extends = f" extends {inherited.__name__}Traits" if inherited else ""
    lines = [f"{comment(widget.__doc__)}export interface {widget.__name__}Traits{extends} {{"]
    for name, trait in widget.class_traits(sync=True).items():
        if trait.metadata.get("doc") and name not in known:
            lines += [comment(trait.metadata["doc"], "  ").rstrip(), f"  {name}: {trait_type(trait)};"]
    return "\n".join([*lines, "}\n"])


def signature(method: Callable) -> tuple[list[str], str]:
    """The fields that a method takes, and what it returns without the buffers."""
    node = ast.parse(textwrap.dedent(inspect.getsource(method))).body[0]
    assert isinstance(node, ast.FunctionDef)
    given = node.args.args[1:]
    optional = len(given) - len(node.args.defaults)
    fields = [
        f"{a.arg}{'?' * (index >= optional)}: {ts(a.annotation)}" for index, a in enumerate(given) if a.annotation
    ]
    returns = node.returns
    if isinstance(returns, ast.Subscript) and ast.unparse(returns.value) == "tuple":
        returns = returns.slice.elts[0] if isinstance(returns.slice, ast.Tuple) else returns.slice
    return fields, ts(returns) if returns is not None else "null"


def page_messages() -> str:
    """The messages from the page."""
    lines = ["/** What the page sends. */", "export type PageMessage ="]
    for kind, name in sorted(Studio._handlers.items()):
        fields = "".join(f"; {field}" for field in signature(inspect.getattr_static(Studio, name))[0])
        lines.append(f'  | {{ type: "{kind}"{fields} }}')
    lines.append('  | { type: "request"; id: string; method: string; params: { [key: string]: Json } };\n')
    return "\n".join(lines)


def requests() -> str:
    """Parameters and result of each request."""
    lines = ["/** What the page may ask, and what it gets. */", "export interface Requests {"]
    for answer, name in sorted(Studio._answers.items()):
        method = inspect.getattr_static(Studio, name)
        fields, result = signature(method)
        lines.append(comment((method.__doc__ or "").split("\n\n")[0], "  ").rstrip())
        params = f"{{ {'; '.join(fields)} }}" if fields else "Record<string, never>"
        lines.append(f"  {answer}: {{ params: {params}; result: {result} }};")
    return "\n".join([*lines, "}\n"])


def contract() -> str:
    """The whole file."""
    parts = [HEADER, *declarations(records), *declarations(messages), traits(Widget)]
    parts += [traits(panel, Widget) for panel in PANELS]
    names = ", ".join(f"{panel.__name__}Traits" for panel in PANELS)
    parts.append(f"/** {(Studio.__doc__ or '').splitlines()[0]} */\nexport interface Traits extends {names} {{}}\n")
    return "\n".join([*parts, page_messages(), requests()])


def main(arguments: list[str]) -> int:
    """Write the file, or compare it."""
    text = contract()
    if "--check" not in arguments:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(text, encoding="utf-8")
        return 0
    fresh = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text
    if not fresh:
        sys.stderr.write(f"{TARGET} is out of date: run `python -m kerasviz.widgets.contract`.\n")
    return 0 if fresh else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
