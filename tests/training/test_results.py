import numpy as np
import pytest
import torch

import kerasviz
from kerasviz.training.results import joined_outputs


def test_batches_are_joined_in_their_order():
    parts = [torch.rand(3, 2), torch.rand(1, 2)]
    np.testing.assert_array_equal(joined_outputs(parts), torch.cat(parts).numpy())


@pytest.mark.parametrize("batch_size", [2, 8], ids=["several", "one"])
def test_what_predict_gives_may_be_written_to_without_changing_data_or_weights(batch_size):
    x = kerasviz.Input((2,))
    model = kerasviz.Model(x, kerasviz.layers.Identity()(x))
    data = np.ones((6, 2), "float32")
    found = model.predict(data, batch_size=batch_size, verbose=0)
    found[:] = 7
    assert (data == 1).all()
    assert (model.predict(data, batch_size=batch_size, verbose=0) == 1).all()


def test_bfloat16_of_several_batches_is_float32():
    found = joined_outputs([torch.ones(2, 1, dtype=torch.bfloat16), torch.ones(1, 1, dtype=torch.bfloat16)])
    assert (found.dtype, found.shape) == (np.float32, (3, 1))


def test_outputs_of_several_batches_are_copied_once(monkeypatch):
    whole = torch.arange(6.0)
    monkeypatch.setattr(torch, "cat", lambda parts: whole)
    assert np.shares_memory(joined_outputs([torch.zeros(3), torch.zeros(3)]), whole.numpy())
