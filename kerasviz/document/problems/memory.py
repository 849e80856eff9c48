"""Models that this machine cannot hold."""

from collections.abc import Iterator

from kerasviz.document.problems.base import Problem, View, rule
from kerasviz.saving import budget

BYTES = 4  # of a weight, as a rule
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@rule
def weights(view: View) -> Iterator[Problem]:
    """The weights take more than a new model may."""
    sizes = {call: found.params * BYTES for call, found in view.known.items()}
    total, most = sum(sizes.values()), budget.machine_memory() // budget.SHARE_OF_MEMORY
    if total <= most:
        return
    call = max(sizes, key=lambda name: sizes[name])
    what = f"the weights of {view.name(call)} take {in_words(sizes[call])}"
    all_of_them = "" if sizes[call] > most else f", all together {in_words(total)}"
    message = f"Too large for this machine: {what}{all_of_them}."
    numbers = {name: value for name, value in view.document.layer_of(call)["args"].items() if type(value) is int}
    argument = max(numbers, key=lambda name: numbers[name], default=None)
    hint = "A new model may take half of this machine's memory."
    expected, got = f"at most {in_words(most)}", in_words(total)
    yield Problem("too-large", "error", call, message, argument, expected, got, hint)


def in_words(size: int) -> str:
    """A number of bytes, as people say it."""
    power = min(max(0, (len(str(size)) - 1) // 3), len(UNITS) - 1)
    return f"{size / 1000**power:.3g} {UNITS[power]}"
