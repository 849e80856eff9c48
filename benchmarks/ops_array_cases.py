"""Operations that move numbers against torch's: shapes, joins, places, new tensors."""

import torch
from cases import Case, alike, length, numbers, rising, sizes, table, together, truths, whole
from torch.nn import functional as F

from kerasviz import ops

ONE = sizes((16, 16), (512, 512))
ROWS = sizes((64,), (100_000,))
PLACES = sizes((5,), (300,))

SHAPES = {
    "broadcast_to": (lambda x: ops.broadcast_to(x, (3, *x.shape)), lambda x: x.broadcast_to((3, *x.shape))),
    "diag": (ops.diag, torch.diag),
    "diagonal": (ops.diagonal, torch.diagonal),
    "expand_dims": (lambda x: ops.expand_dims(x, 1), lambda x: torch.unsqueeze(x, 1)),
    "flip": (ops.flip, lambda x: torch.flip(x, (0, 1))),
    "flip axis": (lambda x: ops.flip(x, 1), lambda x: torch.flip(x, (1,))),
    "fliplr": (ops.fliplr, torch.fliplr),
    "flipud": (ops.flipud, torch.flipud),
    "moveaxis": (lambda x: ops.moveaxis(x, 0, 1), lambda x: torch.movedim(x, 0, 1)),
    "pad": (lambda x: ops.pad(x, ((1, 2), (3, 4))), lambda x: F.pad(x, (3, 4, 1, 2))),
    "pad reflect": (
        lambda x: ops.pad(x, ((0, 0), (3, 4)), mode="reflect"),
        lambda x: F.pad(x, (3, 4), mode="reflect"),
    ),
    "ravel": (ops.ravel, torch.flatten),
    "rearrange": (lambda x: ops.rearrange(x, "a b -> b a"), lambda x: torch.permute(x, (1, 0))),
    "repeat": (lambda x: ops.repeat(x, 2, axis=1), lambda x: torch.repeat_interleave(x, 2, dim=1)),
    "reshape": (lambda x: ops.reshape(x, (8, -1)), lambda x: torch.reshape(x, (8, -1))),
    "roll": (lambda x: ops.roll(x, 3, axis=1), lambda x: torch.roll(x, 3, 1)),
    "rot90": (ops.rot90, torch.rot90),
    "size": (ops.size, lambda x: torch.tensor(x.numel())),
    "squeeze": (lambda x: ops.squeeze(x[None], 0), lambda x: torch.squeeze(x[None], 0)),
    "swapaxes": (lambda x: ops.swapaxes(x, 0, 1), lambda x: torch.swapaxes(x, 0, 1)),
    "tile": (lambda x: ops.tile(x, (2, 2)), lambda x: torch.tile(x, (2, 2))),
    "trace": (ops.trace, torch.trace),
    "transpose": (ops.transpose, lambda x: torch.permute(x, (1, 0))),
    "transpose to an order": (lambda x: ops.transpose(x, (1, 0)), lambda x: torch.permute(x, (1, 0))),
    "tril": (ops.tril, torch.tril),
    "triu": (ops.triu, torch.triu),
    "view": (lambda x: ops.view(x, "int32"), lambda x: x.view(torch.int32)),
}
OF_ROWS = {
    "diagflat": (lambda x: ops.diagflat(x[:500]), lambda x: torch.diagflat(x[:500])),
    "diff": (ops.diff, torch.diff),
    "meshgrid": (
        lambda x: ops.meshgrid(x[:500], x[:500], indexing="ij"),
        lambda x: list(torch.meshgrid(x[:500], x[:500], indexing="ij")),
    ),
    "vander": (
        lambda x: ops.vander(x, 4),
        lambda x: torch.pow(x.unsqueeze(1), torch.arange(3, -1, -1, dtype=torch.int32)),
    ),
}
JOINS = {
    "append": (ops.append, lambda x, y: torch.cat((x.flatten(), y.flatten()))),
    "append axis": (lambda x, y: ops.append(x, y, axis=1), lambda x, y: torch.cat((x, y), dim=1)),
    "concatenate": (lambda x, y: ops.concatenate([x, y], axis=1), lambda x, y: torch.cat([x, y], dim=1)),
    "dstack": (lambda x, y: ops.dstack([x, y]), lambda x, y: torch.dstack([x, y])),
    "hstack": (lambda x, y: ops.hstack([x, y]), lambda x, y: torch.hstack([x, y])),
    "stack": (lambda x, y: ops.stack([x, y], axis=1), lambda x, y: torch.stack([x, y], dim=1)),
    "vstack": (lambda x, y: ops.vstack([x, y]), lambda x, y: torch.vstack([x, y])),
}
CUTS = {
    "array_split": (lambda x: ops.array_split(x, 3), lambda x: list(torch.tensor_split(x, 3))),
    "dsplit": (lambda x: ops.dsplit(x[None], 2), lambda x: list(torch.dsplit(x[None], 2))),
    "hsplit": (lambda x: ops.hsplit(x, 2), lambda x: list(torch.hsplit(x, 2))),
    "split": (lambda x: ops.split(x, 4), lambda x: list(torch.tensor_split(x, 4))),
    "split at places": (lambda x: ops.split(x, [3, 5]), lambda x: list(torch.tensor_split(x, [3, 5]))),
    "unstack": (ops.unstack, lambda x: list(torch.unbind(x))),
    "vsplit": (lambda x: ops.vsplit(x, 2), lambda x: list(torch.vsplit(x, 2))),
}
PARTS = {
    "get_item": (lambda x: ops.get_item(x, 3), lambda x: x[3]),
    "get_item of slices": (
        lambda x: ops.get_item(x, (slice(2, 9), slice(None, None, 2))),
        lambda x: x[2:9, ::2],
    ),
    "slice": (lambda x: ops.slice(x, (1, 2), (9, 8)), lambda x: x[1:10, 2:10]),
    "take one": (lambda x: ops.take(x, 3, axis=1), lambda x: torch.select(x, 1, 3)),
    "take from a list": (
        lambda x: ops.take(x, [1, 5, 3], axis=1),
        lambda x: torch.index_select(x, 1, torch.tensor([1, 5, 3])),
    ),
}


def slice_updated(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The block put in by hand."""
    result = x.clone()
    result[1:6, 2:7] = y
    return result


def scattered(x: torch.Tensor, places: torch.Tensor, updates: torch.Tensor) -> torch.Tensor:
    """Rows put in by hand."""
    return torch.index_put(x, (places.squeeze(-1),), updates)


def array_cases() -> list[Case]:
    """Shapes, joins, cuts, places, and new tensors."""
    below, around = whole(16), whole(16, -16)
    table_of_places = together(ONE, PLACES)
    rows_and_updates = together(ONE, sizes((5, 1), (300, 1)), sizes((5, 16), (300, 512)))
    return [
        *table("ops", SHAPES, ONE),
        *table("ops", OF_ROWS, ROWS),
        *table("ops", JOINS, sizes((16, 16), (512, 512), 2)),
        *table("ops", CUTS, ONE),
        *table("ops", PARTS, ONE),
        *table(
            "ops",
            {
                "take": (lambda x, i: ops.take(x, i, axis=0), lambda x, i: torch.index_select(x, 0, i)),
                "take axis": (lambda x, i: ops.take(x, i, axis=1), lambda x, i: torch.index_select(x, 1, i)),
                "get_item of places": (ops.get_item, lambda x, i: x[i]),
            },
            table_of_places,
            numbers,
            below,
        ),
        *table(
            "ops",
            {"take, from the end": (lambda x, i: ops.take(x, i, axis=0), lambda x, i: x[i])},
            table_of_places,
            numbers,
            around,
        ),
        *table(
            "ops",
            {"take in two axes": (lambda x, i: ops.take(x, i, axis=0), lambda x, i: x[i])},
            together(ONE, sizes((5, 3), (50, 20))),
            numbers,
            around,
        ),
        *table(
            "ops",
            {"take_along_axis": (lambda x, i: ops.take_along_axis(x, i, 1), lambda x, i: x.take_along_dim(i, 1))},
            sizes((16, 16), (512, 512), 2),
            numbers,
            below,
        ),
        *table(
            "ops",
            {
                "scatter_update": (ops.scatter_update, scattered),
                "scatter_update add": (
                    lambda x, i, y: ops.scatter_update(x, i, y, "add"),
                    lambda x, i, y: x.index_put((i.squeeze(-1),), y, accumulate=True),
                ),
                "scatter": (
                    lambda x, i, y: ops.scatter(i, y, x.shape),
                    lambda x, i, y: torch.zeros(x.shape).index_put((i.squeeze(-1),), y, accumulate=True),
                ),
            },
            rows_and_updates,
            numbers,
            lambda shape: torch.randperm(shape[0]).unsqueeze(-1),
            numbers,
        ),
        *table(
            "ops",
            {"slice_update": (lambda x, y: ops.slice_update(x, (1, 2), y), slice_updated)},
            together(ONE, sizes((5, 5), (5, 5))),
        ),
        *table(
            "ops",
            {"searchsorted": (ops.searchsorted, lambda a, x: torch.searchsorted(a, x, out_int32=True))},
            together(ROWS, ONE),
            rising,
            torch.rand,
        ),
        *table(
            "ops",
            {"digitize": (ops.digitize, lambda x, a: torch.bucketize(x, a, out_int32=True, right=True))},
            together(ONE, PLACES),
            torch.rand,
            rising,
        ),
        *table(
            "ops",
            {"isin": (ops.isin, torch.isin)},
            together(ONE, PLACES),
            whole(1000),
        ),
        *table("ops", {"nonzero": (ops.nonzero, lambda x: torch.nonzero(x).t().to(torch.int32))}, ONE, truths),
        *table(
            "ops",
            {
                "select": (
                    lambda c, d, x, y: ops.select([c, d], [x, y], 0.0),
                    lambda c, d, x, y: torch.where(c, x, torch.where(d, y, 0.0)),
                )
            },
            sizes((16, 16), (512, 512), 4),
            truths,
            truths,
            numbers,
            numbers,
        ),
        *table(
            "ops",
            {
                "unravel_index": (
                    lambda i: ops.unravel_index(i, (8, 8)),
                    lambda i: torch.unravel_index(i, (8, 8)),
                )
            },
            ROWS,
            whole(64),
        ),
        *table("ops", NEW, sizes((16,), (512,)), length),
        *alike("ops", ops, {"arange": lambda n: torch.arange(n, dtype=torch.int32)}, ROWS, length),
        *alike("ops", ops, WINDOWS, ROWS, length),
    ]


NEW = {
    "empty": (lambda n: ops.empty((n, n)).shape, lambda n: torch.empty((n, n)).shape),
    "eye": (ops.eye, torch.eye),
    "full": (lambda n: ops.full((n, n), 2.0), lambda n: torch.full((n, n), 2.0)),
    "identity": (ops.identity, torch.eye),
    "linspace": (lambda n: ops.linspace(0.0, 1.0, n), lambda n: torch.linspace(0.0, 1.0, n)),
    "logspace": (lambda n: ops.logspace(0.0, 1.0, n), lambda n: torch.logspace(0.0, 1.0, n)),
    "ones": (lambda n: ops.ones((n, n)), lambda n: torch.ones((n, n))),
    "tri": (ops.tri, lambda n: torch.ones((n, n)).tril()),
    "zeros": (lambda n: ops.zeros((n, n)), lambda n: torch.zeros((n, n))),
}
WINDOWS = {
    "bartlett": lambda n: torch.bartlett_window(n, periodic=False),
    "blackman": lambda n: torch.blackman_window(n, periodic=False),
    "hamming": lambda n: torch.hamming_window(n, periodic=False),
    "hanning": lambda n: torch.hann_window(n, periodic=False),
}
