"""Quantiles of numbers that come a batch at a time, from a summary of bounded size.

A summary is (values, weights): each value stands for as many numbers, none of them larger, as its weight says.
"""

import numpy as np

Summary = np.ndarray  # (2, places), float32: values in order, and their weights


def empty_summary() -> Summary:
    """The summary of no numbers."""
    return np.zeros((2, 0), np.float32)


def summarize(numbers: np.ndarray, epsilon: float) -> Summary:
    """A summary of the numbers: about 1 / epsilon of them, evenly spaced in their order."""
    ordered = np.sort(numbers.ravel()).astype(np.float32)
    spacing = ordered.size * epsilon
    step = max(spacing, 1)
    values = ordered[int(max(spacing - 1, 0)) :: int(step)]
    return np.stack([values, np.full_like(values, step)])


def merged(first: Summary, second: Summary, epsilon: float) -> Summary:
    """The summary of the numbers behind both."""
    both = np.concatenate([first, second], axis=1)
    return thinned(both[:, np.argsort(both[0])], epsilon)


def thinned(summary: Summary, epsilon: float) -> Summary:
    """The summary at every `epsilon` of its weight, where it has more places than that."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    weights = summary[1].cumsum()
    places = weights / weights[-1]
    values = np.interp(shares, places, summary[0])
    weights = np.diff(np.interp(shares, places, weights), prepend=0)
    return np.stack([values, weights]).astype(np.float32)


def boundaries(summary: Summary, num_bins: int) -> list[float]:
    """The numbers that divide what was summarized into bins of about equal size."""
    return thinned(summary, 1 / num_bins)[0, :-1].tolist()
