"""What the outbox asks of whoever posts mails of a kind. Apps register their kinds when they start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.outbox.models import OutgoingMail
from agents.outbox.posting import Outgoing


def _nothing(row: OutgoingMail) -> None:
    pass


@dataclass(frozen=True)
class Kind:
    """``label`` is what people read.

    ``make``: writes the mail at each try instead of keeping it, in the row's language; ``None`` means that nobody is
    to get one. It may read the database, and runs outside of a transaction.
    ``ended``: is called when the mail is sent, given up or returned, in the transaction that says so.
    """

    label: Any
    make: Callable[[OutgoingMail], Outgoing | None] | None = None
    ended: Callable[[OutgoingMail], None] = _nothing


_kinds: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    _kinds[name] = kind


def kind_of(row: OutgoingMail) -> Kind:
    """Returns the kind; for one that nobody has registered, its name and nothing to do."""
    return _kinds.get(row.kind) or Kind(row.kind)
