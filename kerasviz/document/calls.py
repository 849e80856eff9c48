"""How the tensors of a call become the arguments of its layer, and back.

A call lists its tensors in `inputs`. Where they do not simply go in as one argument (or as one list, for merges),
`args` and `kwargs` say how: JSON in which {"input": 0} stands for the first tensor.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kerasviz.document.document import Json
from kerasviz.document.kinds import takes_list


def arguments(call: Json, kind: str, tensors: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The positional and named arguments with which a layer of the kind is called."""
    kwargs = {name: filled(value, tensors) for name, value in call.get("kwargs", {}).items()}
    if "args" in call:
        return [filled(value, tensors) for value in call["args"]], kwargs
    free = [t for index, t in enumerate(tensors) if index not in referred(call.get("kwargs", {}))]
    if len(free) > 1 and takes_list(kind):
        return [free], kwargs
    return free, kwargs


def filled(template: Any, tensors: Sequence[Any]) -> Any:
    """The template with tensors in place of {"input": index}."""
    if isinstance(template, dict):
        if set(template) == {"input"} and type(template["input"]) is int:
            return tensors[template["input"]] if template["input"] < len(tensors) else None
        return {key: filled(value, tensors) for key, value in template.items()}
    return [filled(value, tensors) for value in template] if isinstance(template, list) else template


def referred(template: Any) -> set[int]:
    """The indices of the tensors that a template names."""
    if isinstance(template, dict):
        if set(template) == {"input"}:
            return {template["input"]}
        return set().union(*(referred(value) for value in template.values()))
    return set().union(*(referred(value) for value in template)) if isinstance(template, list) else set()


def template_of(value: Any, index_of: Callable[[Any], int | None], to_json: Callable[[Any], Any]) -> Any:
    """The template of an argument: tensors become {"input": index}, the rest its JSON form."""
    index = index_of(value)
    if index is not None:
        return {"input": index}
    if isinstance(value, (list, tuple)):
        return [template_of(part, index_of, to_json) for part in value]
    if isinstance(value, dict):
        return {key: template_of(part, index_of, to_json) for key, part in value.items()}
    return to_json(value)
