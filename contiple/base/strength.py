"""Tells secrets that somebody typed or copied from ones that were drawn at random."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

JUDGED = 64  # characters: in longer secrets few pairs can be new
DISTINCT_MIN = 8  # of 50 random decimal digits, fewer are once in 10^4 draws
# Random hexadecimal digits have at least 80 % new pairs and no step (from one to the next) in more than 20 % of places.
NEW_PAIRS_MIN = 0.6
SAME_STEPS_MAX = 0.35
EXAMPLES = ("not-secret", "insecure", "change-me", "changeme", "change_me", "example", "secret-key", "secret_key")


def is_guessable(secret: str) -> bool:
    """Returns whether the secret is one of examples, of few characters, repeats itself, or runs along an alphabet."""
    values = [ord(character) for character in secret[:JUDGED]]
    return any(word in secret.lower() for word in EXAMPLES) or is_regular(values, distinct=DISTINCT_MIN)


def is_regular(values: Sequence[int], *, distinct: int) -> bool:
    """Returns whether the values are fewer than ``distinct`` different ones, or follow from each other."""
    pairs = list(pairwise(values))
    if len(set(values)) < distinct or len(set(pairs)) < NEW_PAIRS_MIN * len(pairs):
        return True
    [(_step, times)] = Counter(after - before for before, after in pairs).most_common(1)
    return times > SAME_STEPS_MAX * len(pairs)
