"""A vocabulary: which tokens there are, in which order, and how often each was seen."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from kerasviz.declare import Invalid, Kind

FILE_NAME = "vocabulary.txt"


class VocabularyKind(Kind):
    """Tokens in an array or list, or the path of a file with one on each line."""

    input = "list"

    def parse(self, value: Any, where: str = "") -> Any:
        """A list of tokens, or the path."""
        value = getattr(value, "tolist", lambda: value)()
        if isinstance(value, (str, Path)):
            return str(value)
        if not isinstance(value, (list, tuple)):
            self.reject(where, "a list of tokens, or the path of a file with one on each line", value)
        return [getattr(token, "tolist", lambda token=token: token)() for token in value]

    def to_config(self, value: Any) -> Any:
        """The list; a file goes along with the model."""
        return None if isinstance(value, str) else value


Vocabulary = Annotated[Any, VocabularyKind()]


class Seen:
    """Counts tokens, and in how many samples each was."""

    def __init__(self) -> None:
        self.counts: Counter[Any] = Counter()
        self.samples: Counter[Any] = Counter()
        self.num_samples = 0

    def add(self, samples: Sequence[Sequence[Hashable]], by_sample: bool) -> None:
        """Count the tokens of some samples.

        Args:
            samples: the tokens of each.
            by_sample: whether to count in how many samples each is, too.
        """
        for sample in samples:
            self.counts.update(sample)
            if by_sample:
                self.samples.update(set(sample))
        self.num_samples += len(samples)

    def tokens(self, left_out: Iterable[Any], most: int | None) -> list[Any]:
        """The tokens, the most frequent first, and of equally frequent ones the last in the alphabet."""
        kept = set(self.counts) - set(left_out)
        ordered = sorted(kept, key=lambda token: (self.counts[token], token), reverse=True)
        return ordered if most is None else ordered[: max(most, 0)]

    def rarity(self, tokens: Sequence[Any]) -> np.ndarray:
        """How much more each says the fewer samples have it: log(1 + samples / (1 + samples with it)).

        Source: K. Sparck Jones, "A Statistical Interpretation of Term Specificity", 1972.
        """
        with_it = np.asarray([self.samples[token] for token in tokens], dtype="float32")
        return np.log(1 + self.num_samples / (1 + with_it)).astype("float32")


def read_tokens(path: str, where: str) -> list[str]:
    """The lines of a file.

    Raises:
        Invalid: where there is none.
    """
    try:
        return Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except FileNotFoundError:
        raise Invalid(where, "a file that is there", path) from None


def write_tokens(path: Path, tokens: Sequence[Any], where: str) -> None:
    """Write one token on each line.

    Raises:
        Invalid: where a token has several lines.
    """
    wrong = next((token for token in tokens if "\n" in str(token)), None)
    if wrong is not None:
        raise Invalid(where, "tokens of one line, as the file of a vocabulary needs them", wrong)
    path.write_text("\n".join(map(str, tokens)), encoding="utf-8", newline="")


def refuse_repeated(tokens: Sequence[Any], where: str) -> None:
    """Each token has one place.

    Raises:
        Invalid: where a token comes twice.
    """
    repeated = [token for token, count in Counter(tokens).items() if count > 1]
    if repeated:
        raise Invalid(where, "each token once", f"{repeated[:5]} more than once")
