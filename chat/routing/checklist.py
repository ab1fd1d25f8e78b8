"""Why does nobody get chats? What has to be so before a chat can ring, in that order, and what to do where it isn't."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from chat.models import Chat, Lease
from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.standing import Seat, Standing, seats_of
from contiple.base import clock
from helpcenter.models import HelpCenter, PrivacyPolicy

# A worker looks once a second. What has been due for longer than this shows that none is running.
OVERDUE_S = 30
LEASE_FORGOTTEN_S = 2 * 3600  # it sweeps away what ran out an hour ago, every ten minutes


@dataclass(frozen=True)
class Check:
    """``link`` is where it is put right, for an admin. ``todo`` is said where it is not so."""

    name: str
    is_done: bool
    title: Promise
    todo: Promise
    link: str = ""
    link_title: Promise | str = ""


@dataclass(frozen=True)
class Now:
    """``longest_since`` is the start of the longest wait."""

    waiting: int
    longest_since: datetime | None
    ringing: int
    active: int
    seats: list[Seat]


def checks_of(service: Service, now: Now) -> list[Check]:
    """In the order in which they hang on each other: the first that is not done is the one to put right."""
    here = Counter(seat.standing for seat in now.seats)
    center = HelpCenter.objects.filter(service=service).first()
    policy = PrivacyPolicy.objects.filter(help_center__service=service).exclude(text="").exists()
    contract = (reverse("agents:contract", args=[service.slug]), _("Contract Details"))
    settings = (reverse("helpcenter:settings", args=[service.slug]), _("Default Setting"))
    agents = (reverse("agents:agents", args=[service.slug]), _("Agents"))
    permitted = sum(here.values()) - here[Standing.NO_PERMISSION]
    online, reached = sum(seat.is_online for seat in now.seats), here[Standing.FREE] + here[Standing.FULL]
    return [
        Check(
            "contract",
            service.contract.chat,
            _("Is Chat on in Contract Details?"),
            _("Turn on Chat in Contract Details."),
            *contract,
        ),
        Check(
            "help_center",
            bool(center and center.chat_enabled),
            _("Is Chat enabled in Default Setting?"),
            _("Enable Chat in Default Setting. Until then, customers see no chat icon."),
            *settings,
        ),
        Check(
            "policy",
            policy,
            _("Is there a privacy policy?"),
            _("Write the privacy policy in Default Setting. Customers must agree to it to start a chat."),
            *settings,
        ),
        Check(
            "permission",
            permitted > 0,
            _("Does an agent have the chat permission?"),
            _("Grant the chat permission to an agent."),
            *agents,
        ),
        Check(
            "online",
            online > 0,
            _("Is an agent Online?"),
            _("Agents change their own chat status to Online at the top left of the chat dialog."),
            *agents,
        ),
        Check(
            "reachable",
            reached > 0,
            _("Is an Online agent connected?"),
            _("Online agents have no open Contiple page or lost their connection, so chats can’t ring for them.")
            if online
            else _("First, an agent must be Online."),
        ),
        Check(
            "room",
            here[Standing.FREE] > 0,
            _("Can an agent take one more chat?"),
            _("All agents are at their limit. Raise the limits or have more agents go Online.")
            if reached
            else _("First, an agent must be Online and connected."),
            *agents,
        ),
        Check(
            "worker",
            not is_work_overdue(service),
            _("Are background tasks running?"),
            _("Tasks are overdue: unanswered chats don’t move on to other agents. Tell your operator."),
        ),
    ]


def look_now(service: Service) -> Now:
    open_chats = Chat.objects.filter(service=service).exclude(state=Chat.State.CLOSED).order_by()
    counts = Counter(open_chats.values_list("state", flat=True))
    since = open_chats.filter(state=Chat.State.WAITING).aggregate(since=Min("waiting_since"))["since"]
    seats = seats_of(service.pk, clock.database_now())
    return Now(counts["waiting"], since, counts["ringing"], counts["active"], seats)


def is_work_overdue(service: Service) -> bool:
    """Whether something should have been done by a worker, and long ago."""
    now = clock.database_now()
    ringing = Chat.objects.filter(service=service, state=Chat.State.RINGING)
    too_long = ringing.filter(ringing_since__lt=now - timedelta(seconds=RING_TIMEOUT_S + OVERDUE_S))
    leases = Lease.objects.filter(Q(agent__service=service) | Q(chat__service=service))
    return too_long.exists() or leases.filter(expires_at__lt=now - timedelta(seconds=LEASE_FORGOTTEN_S)).exists()
