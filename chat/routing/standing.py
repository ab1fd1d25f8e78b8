"""Who could take a chat now, and for everybody else why not. Facts for the router, for transfers and for admins."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agents.models import Agent, Contract
from chat.models import Chat, Lease

Status = Agent.ChatStatus


class Standing(StrEnum):
    """Why an agent can't take a chat: the first that applies. ``FREE``: nothing stands against it."""

    FREE = "free"
    FULL = "full"
    UNREACHABLE = "disconnected"
    BREAK = "break"
    OFFLINE = "offline"
    NO_PERMISSION = "permission"
    NO_CONTRACT = "contract"


_NEAREST_FIRST = {str(standing): place for place, standing in enumerate(Standing)}
_WORDS = {
    Standing.UNREACHABLE: gettext_lazy("disconnected"),
    Standing.BREAK: gettext_lazy("on a break"),
    Standing.OFFLINE: gettext_lazy("Offline"),
    Standing.NO_PERMISSION: gettext_lazy("no chat permission"),
    Standing.NO_CONTRACT: gettext_lazy("Chat is off in the contract"),
}


@dataclass(frozen=True)
class Seat:
    """How one agent stands. ``load`` counts ringing and active chats; ``gone_s``: for how long unreachable."""

    agent_id: int
    name: str
    standing: str
    load: int
    limit: int
    gone_s: int | None
    idle_since: datetime

    @property
    def is_free(self) -> bool:
        return self.standing == Standing.FREE

    @property
    def is_online(self) -> bool:
        return self.standing in {Standing.FREE, Standing.FULL, Standing.UNREACHABLE}


def seats_of(service_id: int, now: datetime) -> list[Seat]:
    """Every active agent of the service, by id, in one reading. ``now`` is the database's."""
    contract = Contract.objects.select_related("service").get(service=service_id)
    return list(_seats(contract, _agents(service_id), now))


def nearness(seat: Seat) -> int:
    """0 for who can take a chat, more for whoever is further from it."""
    return _NEAREST_FIRST[seat.standing]


def standing_after(seat: Seat, more: int) -> Seat:
    """The same seat with so many chats more."""
    load = seat.load + more
    standing = Standing.FULL if seat.is_free and load >= seat.limit else seat.standing
    return replace(seat, load=load, standing=standing)


def in_words(seat: Seat) -> str:
    """As in "Mina: 3 of 3 chats": what stands against this agent, or how much there is to do already."""
    if seat.standing in {Standing.FREE, Standing.FULL}:
        return chats_in_words(seat.load, seat.limit)
    if seat.standing == Standing.UNREACHABLE and seat.gone_s is not None:
        return _("disconnected for %(time)s") % {"time": duration_in_words(seat.gone_s)}
    return str(_WORDS.get(Standing(seat.standing), ""))


def chats_in_words(load: int, limit: int) -> str:
    return ngettext("%(load)s of %(limit)s chat", "%(load)s of %(limit)s chats", limit) % {"load": load, "limit": limit}


def duration_in_words(seconds: int) -> str:
    if seconds < 120:
        return _("%(n)s s") % {"n": seconds}
    return _("%(n)s min") % {"n": seconds // 60}


def _agents(service_id: int) -> QuerySet:
    open_chats = Chat.objects.filter(agent=OuterRef("pk")).exclude(state=Chat.State.CLOSED).order_by().values("agent")
    load = Subquery(open_chats.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    leases = Lease.objects.filter(agent=OuterRef("pk")).order_by("-expires_at").values("expires_at")
    agents = Agent.objects.filter(service=service_id, is_active=True, user__is_active=True).order_by("pk")
    return agents.annotate(load=Coalesce(load, 0), lease=Subquery(leases[:1])).values_list(
        "pk",
        "user__name",
        "user__email",
        "chat_permission",
        "chat_status",
        "chat_limit",
        "chat_idle_since",
        "load",
        "lease",
        named=True,
    )


def _seats(contract: Contract, agents: QuerySet, now: datetime) -> Iterator[Seat]:
    closed = not contract.chat or contract.service.is_stopped
    for row in agents:
        limit = min(row.chat_limit, contract.chats_at_once)
        is_here = row.lease is not None and row.lease > now
        gone_s = None if is_here or row.lease is None else int((now - row.lease).total_seconds())
        standing = _standing(row, limit, is_here)
        if closed and standing != Standing.NO_PERMISSION:
            standing = Standing.NO_CONTRACT
        yield Seat(row.pk, row.user__name or row.user__email, standing, row.load, limit, gone_s, row.chat_idle_since)


def _standing(row: Any, limit: int, is_here: bool) -> Standing:
    if not row.chat_permission:
        return Standing.NO_PERMISSION
    if row.chat_status != Status.ONLINE:
        return Standing.BREAK if row.chat_status == Status.BREAK else Standing.OFFLINE
    if not is_here:
        return Standing.UNREACHABLE
    return Standing.FREE if row.load < limit else Standing.FULL
