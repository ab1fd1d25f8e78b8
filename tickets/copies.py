"""Finds copies of a text that is masked elsewhere: by what an agent masks at this moment, or by what a form was before.

Nothing here opens an original: what agents write is never compared with what is under a mask.
"""

from collections.abc import Sequence
from itertools import groupby

from chat.masking.copies import conceal_in
from chat.masking.spans import MASK_CHARACTER, apply_mask
from tickets.models import Ticket


def lock_ticket(ticket: Ticket) -> None:
    """Locks the ticket's row to the end of the transaction."""
    Ticket.objects.select_for_update(no_key=True).values_list("pk").get(pk=ticket.pk)


def conceal_in_line(line: str, originals: Sequence[str]) -> str:
    """Returns ``line`` as ``conceal_in`` does, also if it was cut within a copy."""
    return apply_mask(conceal_in(line, originals), _begun_copies(originals, line))


def is_only_masked(before: str, now: str) -> bool:
    """Whether nothing but masks has come to a text since it was ``before``."""
    return len(before) == len(now) and all(
        old == new or new == MASK_CHARACTER for old, new in zip(before, now, strict=True)
    )


def masked_since(before: str, now: str) -> list[str]:
    """Returns the pieces of a text that have become asterisks since it was ``before``; none if it changed otherwise.

    Both are texts that a page shows or has shown, so the pieces tell nothing new.
    """
    if not is_only_masked(before, now):
        return []
    runs = groupby(zip(before, now, strict=True), key=lambda pair: pair[0] != pair[1])
    return ["".join(old for old, _new in run) for is_masked, run in runs if is_masked]


def _begun_copies(originals: Sequence[str], subject: str) -> list[tuple[int, int]]:
    """Returns spans at the end of a subject that was cut within a copy."""
    if not subject.endswith("…"):
        return []
    lines, cut = [" ".join(original.split()) for original in originals], len(subject) - 1
    return [(start, cut) for start in range(cut) if any(line.startswith(subject[start:cut]) for line in lines)]
