"""A model as a graph in the language of Graphviz, and as a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.layers.input import InputLayer
from kerasviz.layers.layer import Layer

INSTALL = "Install pydot with `pip install kerasviz[plot]`, and Graphviz, whose `dot` draws the picture."


@dataclass(frozen=True)
class Look:
    """What a drawing shows of a layer."""

    shapes: bool = False
    dtype: bool = False
    names: bool = True
    activations: bool = False
    trainable: bool = False
    nested: bool = False  # whether models inside are drawn too


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """A model as a graph of pydot.

    Args:
        model: whose layers and calls to draw.
        show_shapes: whether boxes tell shapes.
        show_dtype: whether boxes tell dtypes.
        show_layer_names: whether boxes tell names.
        rankdir: where it flows: "TB" downwards, "LR" to the right, "BT", "RL".
        expand_nested: whether models inside are drawn as boxes with their own layers.
        dpi: dots per inch of the picture.
        subgraph: whether to make a cluster for another graph.
        show_layer_activations: whether boxes tell activations.
        show_trainable: whether boxes tell if weights are trained.
        splines: form of the edges: "ortho", "curved", "polyline", "spline" or "line".
        kwargs: none is known.

    Raises:
        ImportError: where pydot is not installed.
        Invalid: where the model has no layers yet.
    """
    if kwargs:
        raise TypeError(f"model_to_dot has no argument `{next(iter(kwargs))}`.")
    look = Look(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    text = dot_text(model, look, rankdir, dpi, splines)
    try:
        import pydot  # pyright: ignore[reportMissingImports]  # optional
    except ImportError as error:
        raise ImportError(f"model_to_dot needs pydot. {INSTALL}") from error
    graph = pydot.graph_from_dot_data(text)[0]
    if not subgraph:
        return graph
    cluster = pydot.Cluster(graph_name=model.name, label=model.name, style="dashed")
    for part in (*graph.get_nodes(), *graph.get_edges(), *graph.get_subgraphs()):
        add = {"Node": cluster.add_node, "Edge": cluster.add_edge}.get(type(part).__name__, cluster.add_subgraph)
        add(part)
    return cluster


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draw a model into a file; in a notebook, the picture is shown too.

    Args:
        model: whose layers and calls to draw.
        to_file: where to; its ending is the form of the picture, such as png, svg or pdf. `.dot` is the text alone, and
            needs neither pydot nor Graphviz.
        show_shapes: whether boxes tell shapes.
        show_dtype: whether boxes tell dtypes.
        show_layer_names: whether boxes tell names.
        rankdir: where it flows: "TB" downwards, "LR" to the right, "BT", "RL".
        expand_nested: whether models inside are drawn as boxes with their own layers.
        dpi: dots per inch of the picture.
        show_layer_activations: whether boxes tell activations.
        show_trainable: whether boxes tell if weights are trained.
        splines: form of the edges: "ortho", "curved", "polyline", "spline" or "line".
        kwargs: none is known.

    Raises:
        ImportError: where pydot or Graphviz is not installed.
        Invalid: where the model has no layers yet.
    """
    if kwargs:
        raise TypeError(f"plot_model has no argument `{next(iter(kwargs))}`.")
    look = Look(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    path = Path(to_file)
    ending = path.suffix.removeprefix(".") or "png"
    if ending == "dot":
        path.write_text(dot_text(model, look, rankdir, dpi, splines), encoding="utf-8")
        return None
    names = ("show_shapes", "show_dtype", "show_layer_names")
    options = dict(zip(names, (show_shapes, show_dtype, show_layer_names), strict=True))
    graph = model_to_dot(
        model,
        **options,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
    )
    try:
        graph.write(str(path), format=ending)
    except (OSError, AssertionError) as error:
        raise ImportError(f"plot_model needs Graphviz. {INSTALL}") from error
    return picture(path, ending)


def picture(path: Path, ending: str) -> Any:
    """The file as something that a notebook shows; None where there is no notebook."""
    try:
        from IPython import display
    except ImportError:
        return None
    if ending == "svg":
        return display.SVG(filename=str(path))
    return display.Image(filename=str(path)) if ending in ("png", "jpg", "jpeg", "gif") else None


# --- the text -------------------------------------------------------------------------------------------------------


def dot_text(model: Any, look: Look | None = None, rankdir: str = "TB", dpi: int = 200, splines: str = "ortho") -> str:
    """A model in the language of Graphviz: a box for each call, an edge for each tensor.

    Raises:
        Invalid: where the model has no layers yet.
    """
    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise Invalid("rankdir", "'TB', 'LR', 'BT' or 'RL'", rankdir)
    look = look or Look()
    lines = [
        f"digraph {quoted(model.name)} {{",
        f"  graph [rankdir={rankdir}, dpi={dpi}, splines={splines}, concentrate=true];",
        '  node [shape=plaintext, fontname="Helvetica", fontsize=10];',
    ]
    return "\n".join([*lines, *(f"  {line}" for line in drawn(model, look, "")), "}"]) + "\n"


def drawn(model: Any, look: Look, prefix: str) -> list[str]:
    """Boxes and edges of one model; its names begin with `prefix`."""
    graph = graph_of(model)
    if graph is None:
        layers = [(f"{prefix}{index}", layer) for index, layer in enumerate(model.layers)]
        return [f"{quoted(key)} [label={label(layer, look, None)}];" for key, layer in layers]
    lines: list[str] = []
    places: dict[int, tuple[str, str]] = {}  # node -> where edges into it and out of it go
    for index, node in enumerate(graph.nodes):
        key = f"{prefix}{index}"
        inner = graph_of(node.operation) if look.nested and hasattr(node.operation, "layers") else None
        if inner is None:
            lines.append(f"{quoted(key)} [label={label(node.operation, look, node)}];")
            places[id(node)] = key, key
        else:
            lines += cluster(node.operation, look, key)
            places[id(node)] = ends(inner, f"{key}.")
    for node in graph.nodes:
        if node not in graph.input_nodes:
            for parent in {id(one): one for one in map(graph.parent, node.inputs)}.values():
                lines.append(f"{quoted(places[id(parent)][1])} -> {quoted(places[id(node)][0])};")
    return lines


def graph_of(model: Any) -> Any:
    """The calls of a model; None where they are not known.

    Raises:
        Invalid: where it has no layers yet.
    """
    if not isinstance(model, Layer) or not hasattr(model, "layers"):
        raise Invalid("model", "a model", type(model).__name__)
    if hasattr(type(model), "functional") and model.__dict__.get("_functional") is None:
        raise Invalid(f'Model "{model.name}"', "a model whose input shape is known", "one not built yet")
    return getattr(model, "graph", None)


def cluster(model: Any, look: Look, key: str) -> list[str]:
    """A model inside another, with a frame around it."""
    inside = [f"  {line}" for line in drawn(model, look, f"{key}.")]
    head = f"subgraph {quoted(f'cluster_{key}')} {{"
    return [head, f"  label={quoted(model.name)};", "  style=dashed;", *inside, "}"]


def ends(graph: Any, prefix: str) -> tuple[str, str]:
    """The boxes of a nested model at which edges from outside end and begin."""
    nodes = list(graph.nodes)
    first = next(index for index, node in enumerate(nodes) if node in graph.input_nodes)
    last = nodes.index(graph.parent(graph.output_tensors[0]))
    return f"{prefix}{first}", f"{prefix}{last}"


def label(operation: Any, look: Look, node: Any) -> str:
    """The table in a box."""
    rows = [[f"<B>{escape(text)}</B>"] for text in (title(operation, look),)]
    rows += [[escape(part) for part in row] for row in facts(operation, look, node)]
    cells = "".join(f"<TR>{''.join(f'<TD>{cell}</TD>' for cell in row)}</TR>" for row in rows)
    return f'<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="4">{cells}</TABLE>>'


def title(operation: Any, look: Look) -> str:
    """What a layer is, and its name."""
    kind = type(operation).__name__ if isinstance(operation, Layer) else "Operation"
    return f"{operation.name} ({kind})" if look.names else kind


def facts(operation: Any, look: Look, node: Any) -> Iterator[list[str]]:
    """Rows of the box, below its title."""
    activation = getattr(operation, "activation", None)
    if look.activations and activation is not None:
        yield [f"Activation: {getattr(activation, '__name__', type(activation).__name__)}"]
    symbols = [] if node is None else node.output_tensors
    if look.shapes and node is not None:
        inputs = [] if isinstance(operation, InputLayer) else node.inputs
        if inputs:
            yield [f"Input shape: {shown([symbol.shape for symbol in inputs])}"]
        yield [f"Output shape: {shown([symbol.shape for symbol in symbols])}"]
    if look.dtype and symbols:
        yield [f"Output dtype: {shown([symbol.dtype for symbol in symbols])}"]
    if look.trainable and isinstance(operation, Layer) and operation.weights:
        yield [f"Trainable: {operation.trainable}"]


def shown(parts: list[Any]) -> str:
    """One, or several behind each other."""
    return ", ".join(map(str, parts))


def quoted(name: str) -> str:
    """A name as Graphviz reads it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


__all__ = ["Look", "dot_text", "model_to_dot", "plot_model"]
