"""From a document to the Python that makes the model: what a Keras developer would write, and nothing of ours in it."""

import ast
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from kerasviz.declare import Invalid
from kerasviz.document.document import INPUT_KINDS, Document, from_data
from kerasviz.document.expressions import IMPORTED, call_source, identifier, input_source, layer_source, text_source
from kerasviz.document.formatting import statement
from kerasviz.document.inference import infer
from kerasviz.document.kinds import ELEMENTWISE_MERGES, MERGES, NESTED

Dialect = Literal["functional", "sequential"]
PACKAGES = {"keras": "import keras", "kerasviz": "import kerasviz as keras"}


def source(
    document: Document,
    dialect: Dialect | None = None,
    *,
    package: str = "keras",
    names: bool = False,
    name: str | None = None,
) -> str:
    """A module that makes the model as `model`.

    Args:
        document: without errors.
        dialect: "functional" or "sequential"; by default sequential for a plain chain.
        package: "keras" or "kerasviz": what to import.
        names: give every layer its name, to load weights by it.
        name: of the model.

    Raises:
        Invalid: where the document cannot be written in the dialect, or has errors.
    """
    if package not in PACKAGES:
        raise Invalid("source(package=...)", " or ".join(map(repr, PACKAGES)), package)
    chosen = dialect or ("sequential" if is_chain(document) else "functional")
    if chosen not in ("functional", "sequential"):
        raise Invalid("source(dialect=...)", "'functional' or 'sequential'", dialect)
    if chosen == "sequential":
        body = [*sequential(document, name, names)]
    else:
        functions = Functions(names)
        functions.write(document, "build_model", name)
        body = [line for block in functions.blocks for line in [*block, "", ""]] + ["model = build_model()"]
    return "\n".join([*imports(body, package), *([""] if chosen == "functional" else []), "", *body, ""]).replace(
        "\n\n\n\n", "\n\n\n"
    )


def imports(body: list[str], package: str) -> list[str]:
    """The import lines that the code needs."""
    used = {node.id for node in ast.walk(ast.parse("\n".join(body))) if isinstance(node, ast.Name)}
    parts = [module for module in IMPORTED if module in used]
    return [PACKAGES[package], *([f"from {package} import {', '.join(parts)}"] if parts else [])]


def is_chain(document: Document) -> bool:
    """Whether the model is one layer after the other, none of them shared, and so fits a Sequential."""
    order = document.order
    if len(order) < 2 or document.kind_of(order[0]) not in INPUT_KINDS or len(document.output_tensors) != 1:
        return False
    links = pairwise(order)
    plain = all(
        document.calls[b]["inputs"] == [[a, 0]] and not {"args", "kwargs"} & set(document.calls[b]) for a, b in links
    )
    functions = any(document.kind_of(call).startswith("ops.") or document.kind_of(call) in NESTED for call in order)
    shared = any(len(calls) > 1 for calls in document.calls_of.values())
    return plain and not shared and not functions and document.output_tensors[0] == [order[-1], 0]


def sequential(document: Document, name: str | None, names: bool) -> list[str]:
    """The lines of `model = keras.Sequential([...])`."""
    if not is_chain(document):
        hint = "Use the functional dialect."
        raise Invalid("source(dialect='sequential')", "one Input and layers one after the other", "another graph", hint)
    lines = ["model = keras.Sequential(", "    ["]
    for call in document.order:
        layer = document.layer_of(call)
        text = input_source(layer, names=names) if layer["kind"] in INPUT_KINDS else layer_source(layer, names=names)
        lines += statement(text, " " * 8, ",")
    lines += ["    ]" + ("," if name else "")]
    lines += [f"    name={text_source(name)},"] if name else []
    return [*lines, ")"]


def execution_order(document: Document) -> list[str]:
    """Calls so that a chain is written to its end before the next begins; earlier made ones first."""
    place = {call: index for index, call in enumerate(document.calls)}
    waiting = {call: len(document.sources(call)) for call in document.calls}
    inputs = document.input_calls
    heads = [call for call in document.calls if waiting[call] == 0 and call not in inputs]
    order = list(inputs)
    stack = heads + [ready for call in inputs for ready in release(document, call, waiting, place)]
    stack.sort(key=lambda call: -place[call])
    while stack:
        call = stack.pop()
        order.append(call)
        stack += release(document, call, waiting, place)
    return order


def release(document: Document, call: str, waiting: dict[str, int], place: dict[str, int]) -> list[str]:
    """Calls that wait for nothing more once `call` is written; the earliest made last, to be taken first."""
    ready = []
    for target in document.consumers[call]:
        waiting[target] -= 1
        if waiting[target] == 0:
            ready.append(target)
    return sorted(ready, key=lambda target: -place[target])


@dataclass
class Functions:
    """The functions that build a model and the models inside it."""

    names: bool
    blocks: list[list[str]] = field(default_factory=list)
    taken: set[str] = field(default_factory=lambda: {"build_model"})

    def write(self, document: Document, function: str, name: str | None) -> str:
        """Write the function of a model; those of models inside it come before."""
        body = FunctionBody(document, self.names, self.nested).lines(name)
        self.blocks.append([f"def {function}():", *body])
        return function

    def write_stack(self, document: Document, function: str, name: str) -> None:
        """Write the function of a Sequential."""
        first, *rest = sequential(document, name, self.names)
        body = [first.replace("model =", "return", 1), *rest]
        self.blocks.append([f"def {function}():", *(f"    {line}" for line in body)])

    def nested(self, layer: dict) -> str:
        """The expression that makes a nested model."""
        name = layer.get("name") or layer["id"]
        function = unique(f"build_{identifier(name)}", self.taken)
        inner = from_data(layer["args"].get("document"))
        if layer["kind"] == "Sequential" and is_chain(inner):
            self.write_stack(inner, function, name)
        else:
            self.write(inner, function, name)
        return f"{function}()"


def unique(name: str, taken: set[str], others: Container[str] = ()) -> str:
    """`name`, or with a number behind it; taken from now on."""
    number, free = 1, name
    while free in taken or free in others:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


class FunctionBody:
    """The statements between inputs and outputs."""

    def __init__(self, document: Document, names: bool, nested: Callable[[dict], str]) -> None:
        self.document = document
        self.names = names
        self.nested = nested
        self.known = infer(document)
        self.left = {call: self.uses(call) for call in document.calls}  # readers that are not written yet
        self.variables: dict[str, list[str]] = {}  # call -> the variable of each output
        self.holders: dict[str, str] = {}  # variable -> the call whose output it holds
        self.made: dict[str, str] = {}  # layer -> its variable, for shared ones
        self.taken = {"keras", "layers"}
        self.out: list[str] = []

    def uses(self, call: str) -> int:
        """How many calls read an output; one more if it is one of the model's."""
        is_output = any(source == call for source, _ in self.document.output_tensors)
        return len(self.document.consumers[call]) + is_output

    def lines(self, name: str | None) -> list[str]:
        """The body of the function."""
        needed = {s for call, _ in self.document.output_tensors for s in (call, *self.document.upstream(call))}
        for call in execution_order(self.document):
            if call in needed:
                self.write(call)
        inputs = [self.variables[call][0] for call in self.document.input_calls if call in needed]
        outputs = [self.variables[call][index] for call, index in self.document.output_tensors]
        if not inputs or not outputs:
            raise Invalid("source of the model", "an Input and a layer behind it", "none")
        parts = [bracketed(inputs), bracketed(outputs)] + ([f"name={text_source(name)}"] if name else [])
        self.emit(f"return keras.Model({', '.join(parts)})")
        return self.out

    def emit(self, text: str) -> None:
        """Add a statement."""
        self.out += statement(text, "    ")

    def write(self, call: str) -> None:
        """Add the statement of a call."""
        kind = self.document.kind_of(call)
        if kind in INPUT_KINDS:
            expression = input_source(self.document.layer_of(call), names=self.names)
        else:
            values = [self.variables[source][index] for source, index in self.document.calls[call]["inputs"]]
            if not values:
                where = f"source of `{self.document.name_of(call)}`"
                raise Invalid(where, "an input", "none", "Wire another layer to it, or delete it.")
            expression = call_source(self.document, call, self.function(call), values)
        for source in self.document.sources(call):
            self.left[source] -= 1
        self.variables[call] = self.assigned(call)
        self.emit(f"{', '.join(self.variables[call])} = {expression}")

    def function(self, call: str) -> str:
        """What is called: an expression, or the variable of a shared layer."""
        layer = self.document.layer_of(call)
        if layer["kind"].startswith("ops."):
            return layer["kind"]
        if layer["id"] in self.made:
            return self.made[layer["id"]]
        nested = layer["kind"] in NESTED
        expression = self.nested(layer) if nested else layer_source(layer, names=self.names)
        if len(self.document.calls_of[layer["id"]]) == 1 and not nested:
            return expression
        variable = self.reserved(identifier(layer.get("name") or layer["id"]))
        self.emit(f"{variable} = {expression}")
        self.made[layer["id"]] = variable
        return variable

    def assigned(self, call: str) -> list[str]:
        """The variables for the outputs of a call."""
        first = self.variable(call)
        self.holders[first] = call
        outputs = self.known[call].shapes or [()]
        if len(outputs) == 1:
            return [first]
        return [first, *(self.reserved(f"{first}_state") for _ in outputs[1:])]

    def variable(self, call: str) -> str:
        """The name of the first output: inputs, outputs, a shortcut, or what the chain is called already."""
        document = self.document
        if document.kind_of(call) in INPUT_KINDS:
            return self.reserved(self.end_name(call, "inputs", len(document.input_calls)))
        outputs = document.output_tensors
        if [call, 0] in outputs and not document.consumers[call]:
            return self.reserved(self.end_name(call, "outputs", len(outputs)))
        merge = self.later_merge(call)
        if merge is not None:
            return self.free("shortcut" if document.kind_of(merge) in ELEMENTWISE_MERGES else "skip")
        for source in document.sources(call):
            variable = self.variables[source][0]
            ended = self.holders.get(variable) == source and self.left[source] == 0
            ours = variable not in self.taken and variable.split("_")[0] in ("x", "branch")
            if ended and len(self.variables[source]) == 1 and ours:
                return variable
        return self.free("x") if self.is_free("x") else self.free("branch")

    def reserved(self, name: str) -> str:
        """A variable of this name, or with a number behind it, that keeps its value to the end."""
        return unique(name, self.taken, self.holders)

    def end_name(self, call: str, plain: str, count: int) -> str:
        """The variable of a model's input or output."""
        layer = self.document.layer_of(call)
        return plain if count == 1 else identifier(layer.get("name") or layer["id"], plain)

    def later_merge(self, call: str) -> str | None:
        """The merge that takes this output beside what another consumer makes of it: then it is a shortcut."""
        consumers = self.document.consumers[call]
        if len(consumers) < 2:
            return None
        for target in consumers:
            if self.document.kind_of(target) in (*MERGES, "ops.add", "ops.multiply"):
                others = [other for other in consumers if other != target]
                if any(target in self.document.downstream(other) for other in others):
                    return target
        return None

    def is_free(self, variable: str) -> bool:
        """Whether a variable holds nothing that is still read."""
        holder = self.holders.get(variable)
        return variable not in self.taken and (holder is None or self.left[holder] == 0)

    def free(self, stem: str) -> str:
        """`stem`, or with a number: the first that holds nothing that is still read."""
        number, name = 1, stem
        while not self.is_free(name):
            number += 1
            name = f"{stem}_{number}"
        return name


def bracketed(values: list[str]) -> str:
    """The only value, or a list of several."""
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]"
