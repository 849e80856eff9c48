"""The guard of steps with all tensors on `meta`, where what reads a value raises by itself."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class OnlyMeta(TorchDispatchMode):
    """Fails at the first operation on, or to, another device; but a number without axes may come from the host.

    torch hands such a number to a kernel as an argument: nothing waits, and nothing is copied.
    """

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        outputs = func(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, outputs)):
            if isinstance(leaf, torch.Tensor) and leaf.device.type != "meta" and leaf.dim() > 0:
                raise AssertionError(f"{func} works on a tensor on {leaf.device}")
        return outputs
