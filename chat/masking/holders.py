"""The holders of data keys, and the questions that each kind of holder answers to masking.

A holder owns one data key for all its texts: a chat for its messages, for example. Masking imports no kind of holder:
the packages above describe theirs in subclasses of ``HolderKind``, and register them when their app is ready.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from agents.models import Service


class Holder(NamedTuple):
    """The owner of a data key: ``number`` is the id of a row of that ``kind``."""

    service: int
    kind: str
    number: int

    @property
    def subject(self) -> str:
        """How the trail (``agents.audit``) names it."""
        return f"{self.kind}:{self.number}"

    @property
    def sealed_name(self) -> str:
        """How associated data names it."""
        return kind_of(self.kind).sealed_name(self.number)

    @property
    def customer(self) -> int | None:
        """Whose data it holds. One query."""
        return kind_of(self.kind).customer_of(self.number)


class Link(NamedTuple):
    """A holder's name for people, and the page that shows it."""

    label: str
    url: str


class HolderKind:
    """One kind of holder: it answers what masking has to know."""

    name: str
    # Whether sealing something counts as a use of the key, from which its days are counted.
    kept_by_last_use = True

    def sealed_name(self, number: int) -> str:
        """How associated data names a holder. It must never change: what was sealed would not open any more."""
        return f"{self.name}:{number}"

    def customer_of(self, number: int) -> int | None:
        """Returns the id of the customer whose data the holder has."""
        raise NotImplementedError

    def links(self, service: Service, numbers: Collection[int]) -> Mapping[int, Link]:
        """Names these holders of the service, in one query at most; those that are gone are left out."""
        raise NotImplementedError

    def abouts(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Says in a line, masked, what these holders are about; one query at most."""
        return {}

    def due(self, service_id: int, before: datetime) -> Q:
        """Selects the data keys of this kind whose days began before that moment."""
        return Q(used_at__lt=before)

    def going_with(self, holder: Holder) -> Any:
        """Numbers of holders of this kind whose originals go when those of ``holder`` are destroyed."""
        return ()


def register(kind: HolderKind) -> None:
    _kinds[kind.name] = kind


def registered() -> Iterable[HolderKind]:
    return _kinds.values()


def names() -> tuple[str, ...]:
    return tuple(_kinds)


def kind_of(name: str) -> HolderKind:
    return _kinds[name]


_kinds: dict[str, HolderKind] = {}
