"""Chat check: everything that must be so before a chat can ring, in that order, and what to do about what isn't."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from chat.access import waiting_chats
from chat.models import Chat, Lease
from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.standing import Availability, Standing, standings_of
from contiple.base import clock
from helpcenter.models import HelpCenter, PrivacyPolicy

# A worker looks once a second: if something has been due for longer than this, none is running.
OVERDUE_S = 30
LEASE_FORGOTTEN_S = 2 * 3600  # a worker deletes leases that ended an hour ago, every ten minutes


@dataclass(frozen=True)
class Page:
    """A page of Service Management, where an admin puts something right."""

    url_name: str
    title: Promise


CONTRACT = Page("agents:contract", _("Contract Details"))
DEFAULT_SETTING = Page("helpcenter:settings", _("Default Setting"))
AGENTS = Page("agents:agents", _("Agents"))


@dataclass(frozen=True)
class Check:
    """One thing that must be so. If it isn't, ``todo`` says what to do, on ``page``."""

    name: str
    is_done: bool
    title: Promise
    todo: Promise
    page: Page | None = None


@dataclass(frozen=True)
class Now:
    """A service's chats and agents now. ``longest_since`` is the start of the longest wait."""

    waiting: int
    longest_since: datetime | None
    ringing: int
    active: int
    standings: list[Standing]


def checks_of(service: Service, now: Now) -> list[Check]:
    """The checks in the order in which they depend on each other: the first that isn't done is the one to put right."""
    return [*_service_checks(service), *_agent_checks(now.standings), _worker_check(service)]


def look_now(service: Service) -> Now:
    open_chats = Chat.objects.filter(service=service).exclude(state=Chat.State.CLOSED).order_by()
    counts = Counter(open_chats.values_list("state", flat=True))
    first = waiting_chats(service).first()
    standings = standings_of(service.pk, clock.database_now())
    since = first.waiting_since if first else None
    return Now(counts["waiting"], since, counts["ringing"], counts["active"], standings)


def is_work_overdue(service: Service) -> bool:
    """Whether something is due that a worker should have done long ago."""
    now = clock.database_now()
    ringing = Chat.objects.filter(service=service, state=Chat.State.RINGING)
    too_long = ringing.filter(ringing_since__lt=now - timedelta(seconds=RING_TIMEOUT_S + OVERDUE_S))
    leases = Lease.objects.filter(Q(agent__service=service) | Q(chat__service=service))
    return too_long.exists() or leases.filter(expires_at__lt=now - timedelta(seconds=LEASE_FORGOTTEN_S)).exists()


def _service_checks(service: Service) -> list[Check]:
    center = HelpCenter.objects.filter(service=service).first()
    has_policy = PrivacyPolicy.objects.filter(help_center__service=service).exclude(text="").exists()
    return [
        Check(
            "contract",
            service.contract.chat,
            _("Is Chat on in Contract Details?"),
            _("Turn on Chat in Contract Details."),
            CONTRACT,
        ),
        Check(
            "help_center",
            bool(center and center.chat_enabled),
            _("Is Chat enabled in Default Setting?"),
            _("Enable Chat in Default Setting. Until then, customers see no chat icon."),
            DEFAULT_SETTING,
        ),
        Check(
            "policy",
            has_policy,
            _("Is there a privacy policy?"),
            _("Write the privacy policy in Default Setting. Customers must agree to it to start a chat."),
            DEFAULT_SETTING,
        ),
    ]


def _agent_checks(standings: list[Standing]) -> list[Check]:
    count = Counter(standing.availability for standing in standings)
    online = sum(standing.is_online for standing in standings)
    return [
        Check(
            "permission",
            count[Availability.NO_PERMISSION] < len(standings),
            _("Does an agent have the chat permission?"),
            _("Grant the chat permission to an agent."),
            AGENTS,
        ),
        Check(
            "online",
            online > 0,
            _("Is an agent Online?"),
            _("Agents change their own chat status to Online at the top left of the chat dialog."),
            AGENTS,
        ),
        _reachable(online, count[Availability.FREE] + count[Availability.FULL]),
        _room(count[Availability.FREE], count[Availability.FREE] + count[Availability.FULL]),
    ]


def _reachable(online: int, reached: int) -> Check:
    todo = (
        _("Online agents have no open Contiple page or lost their connection, so chats can’t ring for them.")
        if online
        else _("First, an agent must be Online.")
    )
    return Check("reachable", reached > 0, _("Is an Online agent connected?"), todo)


def _room(free: int, reached: int) -> Check:
    todo = (
        _("All agents are at their limit. Raise the limits or have more agents go Online.")
        if reached
        else _("First, an agent must be Online and connected.")
    )
    return Check("room", free > 0, _("Can an agent take one more chat?"), todo, AGENTS)


def _worker_check(service: Service) -> Check:
    return Check(
        "worker",
        not is_work_overdue(service),
        _("Are background tasks running?"),
        _("Tasks are overdue: unanswered chats don’t move on to other agents. Tell your operator."),
    )
