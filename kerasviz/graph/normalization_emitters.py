"""How normalizations are written into a plan."""

from typing import Any

import torch
from torch.nn import functional as F

from kerasviz import layers
from kerasviz.graph.emitters import emits
from kerasviz.graph.plan import Plan, Value
from kerasviz.layers.batch_normalization import batch_normalized
from kerasviz.ops.normalizing import group_normalized


@emits(layers.BatchNormalization)
def emit_batch_normalization(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernels, with Keras's running means."""
    if layer.renorm or layer.synchronized or layer.axis % x.rank != x.rank - 1 or x.rank == 3:
        return None
    names = ["gamma", "beta", "moving_mean", "moving_variance"]
    bound = ["None" if getattr(layer, n) is None else plan.bind(getattr(layer, n), f"{layer.name}_{n}") for n in names]
    source = plan.read(x, torch_layout=True)
    if plan.training and layer.trainable:
        function = plan.bind(batch_normalized, "batch_normalized")
        expression = f"{function}({source}, {', '.join(bound)}, {1 - layer.momentum!r}, {layer.epsilon!r})"
    else:
        function = plan.bind(F.batch_norm, "batch_norm")
        gamma, beta, mean, variance = bound
        expression = f"{function}({source}, {mean}, {variance}, {gamma}, {beta}, False, 0.0, {layer.epsilon!r})"
    return plan.line(expression, x.rank, torch_layout=x.rank > 2, fresh=True)


@emits(layers.LayerNormalization)
def emit_layer_normalization(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernel over the last axis."""
    if layer.rms_scaling or layer.axis not in (-1, [-1], x.rank - 1) or x.shape[-1] is None:
        return None
    gamma = "None" if layer.gamma is None else plan.bind(layer.gamma, f"{layer.name}_gamma")
    beta = "None" if layer.beta is None else plan.bind(layer.beta, f"{layer.name}_beta")
    function = plan.bind(torch.layer_norm, "layer_norm")
    return plan.line(f"{function}({plan.read(x)}, ({x.shape[-1]},), {gamma}, {beta}, {layer.epsilon!r})", x.rank)


@emits(layers.RMSNormalization)
def emit_rms_normalization(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernel over the last axis."""
    if layer.axis not in (-1, [-1], x.rank - 1) or x.shape[-1] is None:
        return None
    scale = plan.bind(layer.scale, f"{layer.name}_scale")
    function = plan.bind(torch.rms_norm, "rms_norm")
    return plan.line(f"{function}({plan.read(x)}, ({x.shape[-1]},), {scale}, {layer.epsilon!r})", x.rank)


@emits(layers.GroupNormalization)
def emit_group_normalization(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernel, with channels second."""
    if layer.axis not in (-1, x.rank - 1) or x.rank < 3 or layer.gamma is None:
        return None
    groups = x.shape[-1] if layer.groups == -1 else layer.groups
    gamma = plan.bind(layer.gamma, f"{layer.name}_gamma")
    beta = "None" if layer.beta is None else plan.bind(layer.beta, f"{layer.name}_beta")
    function = plan.bind(group_normalized, "group_norm")
    expression = f"{function}({plan.read(x, torch_layout=True)}, {groups}, {gamma}, {beta}, {layer.epsilon!r})"
    return plan.line(expression, x.rank, torch_layout=True)
