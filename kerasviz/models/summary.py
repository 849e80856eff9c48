"""The table that `summary` prints."""

from dataclasses import dataclass
from typing import Any

from kerasviz.layers.layer import Layer
from kerasviz.tensors import KerasTensor, leaves


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
    """The table: layers with shapes and numbers of parameters, and the totals."""
    rows = list(_rows(model, expand_nested, ""))
    if layer_range:
        names = [row.layer.strip().split(" (")[0] for row in rows]
        begin, end = (next(i for i, n in enumerate(names) if n.startswith(wanted)) for wanted in layer_range)
        rows = rows[begin : end + 1]
    graph = getattr(model, "graph", None) if getattr(model, "_functional", True) is not None else None
    connected = graph is not None and any(len(node.inputs) > 1 for node in graph.nodes)
    columns = [("Layer (type)", "layer"), ("Output Shape", "shape"), ("Param #", "count")]
    columns += [("Connected to", "sources")] if connected else []
    columns += [("Trainable", "trainable")] if show_trainable else []
    title = f'Model: "{model.name}"'
    return "\n".join([title, *_table(columns, rows, line_length, positions), *_totals(model)])


def _rows(model: Any, expand_nested: bool, indent: str) -> Any:
    for layer in model.layers:
        kind = type(layer).__name__
        yield Row(
            layer=f"{indent}{layer.name} ({kind})",
            shape=output_shape_text(layer),
            count=f"{layer.count_params():,}" if layer.built else "0 (unbuilt)",
            sources=_sources(model, layer),
            trainable="Y" if layer.trainable and layer.trainable_variables else "N" if layer.weights else "-",
        )
        if expand_nested and getattr(layer, "layers", None):
            yield from _rows(layer, expand_nested, indent + "  ")


def output_shape_text(layer: Layer) -> str:
    """The shape of a layer's output, or `?`."""
    nodes = layer._inbound_nodes
    if not nodes:
        return "?"
    shapes = [str(tensor.shape) for tensor in leaves(nodes[0].outputs) if isinstance(tensor, KerasTensor)]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _sources(model: Any, layer: Layer) -> str:
    graph = getattr(model, "graph", None) if hasattr(type(model), "graph") or "graph" in vars(model) else None
    if graph is None:
        return "-"
    found = []
    for node in graph.nodes:
        if node.operation is layer and node not in graph.input_nodes:
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
