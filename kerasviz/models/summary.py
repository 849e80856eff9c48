"""The table that `summary` prints."""

from dataclasses import dataclass
from typing import Any

from kerasviz.layers.layer import Layer
from kerasviz.tensors import FunctionOperation, KerasTensor, leaves


@dataclass
class Row:
    """One line of the table."""

    layer: str
    shape: str
    count: str
    sources: str
    trainable: str


def summary_text(
    model: Any,
    line_length: int | None = None,
    positions: list | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: list | None = None,
) -> str:
    """The table: layers and operations with shapes and numbers of parameters, and the totals."""
    rows = list(_rows(model, expand_nested, ""))
    if layer_range:
        names = [row.layer.strip().split(" (")[0] for row in rows]
        begin, end = (next(i for i, n in enumerate(names) if n.startswith(wanted)) for wanted in layer_range)
        rows = rows[begin : end + 1]
    graph = _graph(model)
    connected = graph is not None and any(len(node.inputs) > 1 for node in graph.nodes)
    columns = [("Layer (type)", "layer"), ("Output Shape", "shape"), ("Param #", "count")]
    columns += [("Connected to", "sources")] if connected else []
    columns += [("Trainable", "trainable")] if show_trainable else []
    title = f'Model: "{model.name}"'
    return "\n".join([title, *_table(columns, rows, line_length, positions), *_totals(model)])


def _rows(model: Any, expand_nested: bool, indent: str) -> Any:
    graph = _graph(model)
    for operation in _operations(model, graph):
        yield Row(
            layer=f"{indent}{operation.name} ({_kind(operation)})",
            shape=output_shape_text(operation),
            count=_count(operation),
            sources="-" if graph is None else _sources(graph, operation),
            trainable=_trainable(operation),
        )
        if expand_nested and getattr(operation, "layers", None):
            yield from _rows(operation, expand_nested, indent + "  ")


def _operations(model: Any, graph: Any) -> list[Any]:
    """Its layers, with the functions between them."""
    layers = model.layers
    if graph is None:
        return layers
    return [one for one in graph.operations if not isinstance(one, Layer) or any(one is layer for layer in layers)]


def _graph(model: Any) -> Any:
    """The graph of a model; None where it has none, or none yet."""
    return None if getattr(model, "_functional", True) is None else getattr(model, "graph", None)


def _kind(operation: Any) -> str:
    """The class of a layer; `TrueDivide` for the function `true_divide`."""
    if not isinstance(operation, FunctionOperation):
        return type(operation).__name__
    name = getattr(operation.function, "__name__", "function")
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _count(operation: Any) -> str:
    if not isinstance(operation, Layer):
        return "0"
    return f"{operation.count_params():,}" if operation.built else "0 (unbuilt)"


def _trainable(operation: Any) -> str:
    if not isinstance(operation, Layer) or not operation.weights:
        return "-"
    return "Y" if operation.trainable and operation.trainable_variables else "N"


def output_shape_text(operation: Any) -> str:
    """The shape of what an operation gives, or `?`."""
    nodes = operation._inbound_nodes
    if not nodes:
        return "?"
    shapes = [str(tensor.shape) for tensor in leaves(nodes[0].outputs) if isinstance(tensor, KerasTensor)]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _sources(graph: Any, operation: Any) -> str:
    found = []
    for node in graph.nodes:
        if node.operation is operation and node not in graph.input_nodes:
            found += [f"{graph.parent(t).operation.name}[{graph.place[id(t)][1]}]" for t in node.inputs]
    return ", ".join(found) or "-"


def _table(columns: list, rows: list[Row], line_length: int | None, positions: list | None) -> list[str]:
    cells = [[str(getattr(row, attribute)) for _, attribute in columns] for row in rows]
    widths = [max([len(title), *(len(line[i]) for line in cells)]) for i, (title, _) in enumerate(columns)]
    if line_length:
        spare = line_length - sum(widths) - 3 * len(widths) - 1
        widths[0] += max(spare, 0)
    rule = [("┏", "┳", "┓", "━"), ("┡", "╇", "┩", "━"), ("├", "┼", "┤", "─"), ("└", "┴", "┘", "─")]

    def edge(kind: tuple[str, str, str, str]) -> str:
        left, middle, right, dash = kind
        return left + middle.join(dash * (width + 2) for width in widths) + right

    def text(parts: list[str], bar: str) -> str:
        aligned = [
            part.rjust(width) if title == "Param #" else part.ljust(width)
            for part, width, (title, _) in zip(parts, widths, columns, strict=True)
        ]
        return f"{bar} " + f" {bar} ".join(aligned) + f" {bar}"

    lines = [edge(rule[0]), text([title for title, _ in columns], "┃"), edge(rule[1])]
    for index, line in enumerate(cells):
        lines += ([edge(rule[2])] if index else []) + [text(line, "│")]
    return [*lines, edge(rule[3])]


def _totals(model: Any) -> list[str]:
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    lines = [
        f" Total params: {_amount([*trainable, *frozen])}",
        f" Trainable params: {_amount(trainable)}",
        f" Non-trainable params: {_amount(frozen)}",
    ]
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and getattr(optimizer, "built", False):
        state = optimizer.variables
        lines[0] = f" Total params: {_amount([*trainable, *frozen, *state])}"
        lines.append(f" Optimizer params: {_amount(state)}")
    return lines


def _amount(variables: list) -> str:
    count = sum(v.numel() for v in variables)
    size = float(sum(v.numel() * v.element_size() for v in variables))
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            return f"{count:,} ({size:.2f} {unit})"
        size /= 1024
    return f"{count:,}"
