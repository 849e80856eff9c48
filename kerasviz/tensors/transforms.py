"""Whether torch does more with its functions than run them: then nothing may be written by hand behind its back."""

import torch
from torch.autograd import forward_ad


def is_transformed() -> bool:
    """Whether functions are compiled, watched, or transformed: by a StatelessScope, vmap, grad, jvp..."""
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_function_stack() > 0
        or torch._C._functorch.maybe_current_level() is not None  # pyright: ignore[reportAttributeAccessIssue]
        or forward_ad._current_level >= 0
    )
