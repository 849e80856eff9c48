"""Every loss and every metric, held to what all of them promise: copies, devices, graphs, clear errors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch

from kerasviz import catalog, losses, metrics
from kerasviz.declare import Invalid
from tests.parity.loss_cases import LOSSES, batch, shape_of
from tests.parity.metric_cases import METRICS, NUMBERS

OF_LOSSES = {name: (arguments, sort) for name, arguments, sort in reversed(LOSSES.values())}
OF_METRICS = {
    name: (arguments, next((data for data in batches if data[1].ndim > 1), batches[0]))
    for name, arguments, batches in reversed(METRICS.values())
}
OF_METRICS |= {"Mean": ({}, (NUMBERS[1][0], None)), "Sum": ({}, (NUMBERS[1][0], None))}
OF_METRICS |= {"MeanMetricWrapper": ({"fn": losses.mean_squared_error}, NUMBERS[0])}
EACH_LOSS = pytest.mark.parametrize("name", sorted(catalog.components("loss")))
NOT_IN_TORCH = {"CTC"}  # it has no shapes for it, on `meta` and in graphs
SHAPED = pytest.mark.parametrize("name", sorted(catalog.components("loss").keys() - NOT_IN_TORCH))
EACH_METRIC = pytest.mark.parametrize("name", sorted(catalog.components("metric")))


COPIED = pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))], ids=["deep", "pickled"]
)


@pytest.fixture(autouse=True)
def _nothing_is_compiled_yet():
    torch.compiler.reset()


def loss_and_data(kind: str, **more: Any) -> tuple[Any, torch.Tensor, torch.Tensor]:
    arguments, sort = OF_LOSSES[kind]
    y_true, y_pred = map(torch.as_tensor, batch(sort, shape_of(sort)))
    return getattr(losses, kind)(**arguments | more), y_true, y_pred


def metric_and_data(kind: str) -> tuple[Any, list[torch.Tensor]]:
    arguments, data = OF_METRICS[kind]
    return getattr(metrics, kind)(**arguments), [torch.as_tensor(part) for part in data if part is not None]


def state(metric: Any) -> list[torch.Tensor]:
    return [variable.detach().clone() for variable in metric.variables]


@EACH_LOSS
@COPIED
def test_a_copy_of_a_loss_gives_the_same(name, copied):
    loss, *data = loss_and_data(name, reduction="sum", name="mine")
    again = copied(loss)
    assert (again.name, again.reduction) == ("mine", "sum")
    torch.testing.assert_close(again(*data), loss(*data), rtol=0, atol=0)


@EACH_METRIC
@COPIED
def test_a_copy_in_the_middle_of_a_run_goes_on_alone(name, copied):
    metric, data = metric_and_data(name)
    metric.update_state(*data)
    again, before = copied(metric), state(metric)
    again.update_state(*data)
    torch.testing.assert_close(state(metric), before, rtol=0, atol=0)
    metric.update_state(*data)
    torch.testing.assert_close(state(again), state(metric), rtol=0, atol=0)
    torch.testing.assert_close(again.result(), metric.result(), rtol=0, atol=0, equal_nan=True)
    assert [v.name for v in again.variables] == [v.name for v in metric.variables]


@SHAPED
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_losses_need_no_numbers_for_their_shapes(name, weighted):
    """On the `meta` device, where reading a number fails: nothing waits for a GPU."""
    loss, y_true, y_pred = loss_and_data(name)
    weight = torch.ones(len(y_pred), device="meta") if weighted else None
    value = loss(y_true.to("meta"), y_pred.to("meta").requires_grad_(), weight)
    assert (value.device.type, value.shape) == ("meta", loss(y_true, y_pred).shape)
    value.sum().backward()


@EACH_METRIC
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_metrics_need_no_numbers_for_their_shapes(name, weighted):
    metric, data = metric_and_data(name)
    weight = [torch.ones(len(data[0]), device="meta")] if weighted else []
    metric.update_state(*(part.to("meta") for part in data), *weight)
    assert all(variable.device.type == "meta" for variable in metric.variables)
    assert metric.result().device.type == "meta"


@SHAPED
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_a_loss_is_one_graph(name, weighted):
    loss, y_true, y_pred = loss_and_data(name)
    weight = torch.rand(len(y_pred)) if weighted else None
    compiled = torch.compile(lambda *given: loss(*given), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(y_true, y_pred, weight), loss(y_true, y_pred, weight))


@EACH_METRIC
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_an_update_is_one_graph(name, weighted):
    metric, data = metric_and_data(name)
    given = [*data, torch.rand(len(data[0]))] if weighted else data
    metric.update_state(*given)
    again = copy.deepcopy(metric)
    torch.compile(lambda *given: metric.update_state(*given), fullgraph=True, backend="eager")(*given)
    again.update_state(*given)
    torch.testing.assert_close(state(metric), state(again))


@EACH_LOSS
def test_targets_of_another_shape_are_refused_by_losses(name):
    loss, y_true, y_pred = loss_and_data(name)
    with pytest.raises(Invalid) as refused:
        loss(y_true[:2], y_pred)
    assert refused.value.expected
    assert refused.value.got


@pytest.mark.parametrize("name", sorted(catalog.components("metric").keys() - {"Mean", "Sum"}))
def test_targets_of_another_shape_are_refused_by_metrics(name):
    metric, data = metric_and_data(name)
    with pytest.raises(Invalid) as refused:
        metric.update_state(data[0][:2], data[1])
    assert refused.value.expected
    assert refused.value.got


@EACH_METRIC
def test_a_reset_metric_is_as_new(name):
    metric, data = metric_and_data(name)
    metric.update_state(*data)
    first, once = metric.result(), state(metric)
    metric.reset_state()
    assert all(bool((value == 0).all()) for value in state(metric))
    metric.update_state(*data)
    torch.testing.assert_close(metric.result(), first, rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(state(metric), once, rtol=0, atol=0)
