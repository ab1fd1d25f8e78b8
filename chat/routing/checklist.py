"""Chat check: everything that must be so before a chat can ring, in that order, and what to do about what isn't."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.contracts import has_free_seat
from agents.models import Service
from chat.access import waiting_chats
from chat.models import Chat
from chat.rings import Lease
from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.opening import closed_until
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
HOURS = Page("chat:operating_hours", _("Operating hours"))
AGENTS = Page("agents:agents", _("Agents"))


@dataclass(frozen=True)
class Check:
    """One thing that must be so. ``met`` says that it is, ``unmet`` that it isn't, ``todo`` what to do, on ``page``."""

    name: str
    is_done: bool
    met: Promise
    unmet: Promise
    todo: Promise
    page: Page | None = None

    @property
    def title(self) -> Promise:
        return self.met if self.is_done else self.unmet


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
    gates = [*_service_checks(service), _hours_check(service), _permission(service, now.standings)]
    return [*gates, *_agent_checks(now.standings), _worker_check(service)]


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
    """The privacy policy comes before the switch of the help center, which can't be turned on without it."""
    center = HelpCenter.objects.filter(service=service).first()
    has_policy = PrivacyPolicy.objects.filter(help_center__service=service).exclude(text="").exists()
    return [
        Check(
            "contract",
            service.contract.chat,
            _("Chat is on in Contract Details."),
            _("Chat is off in Contract Details."),
            _("Turn on Chat in Contract Details."),
            CONTRACT,
        ),
        Check(
            "policy",
            has_policy,
            _("There is a privacy policy."),
            _("There is no privacy policy."),
            _("Write the privacy policy in Default Setting. Customers must agree to it to start a chat."),
            DEFAULT_SETTING,
        ),
        Check(
            "help_center",
            bool(center and center.chat_enabled),
            _("Chat is enabled in Default Setting."),
            _("Chat is not enabled in Default Setting."),
            _("Enable Chat in Default Setting. Until then, customers see no chat icon."),
            DEFAULT_SETTING,
        ),
    ]


def _hours_check(service: Service) -> Check:
    return Check(
        "hours",
        closed_until(service.pk) is None,
        _("Chat is open at this hour."),
        _("Chat is closed at this hour."),
        _("No chat can be started outside of the operating hours. Change them, or open until the hours begin."),
        HOURS,
    )


def _permission(service: Service, standings: list[Standing]) -> Check:
    """Without a seat the permission can't be granted, so the seats come first."""
    seats = has_free_seat(service.contract)
    grant = _("Grant the chat permission to an agent.")
    raise_seats = _("Raise the chat seats in Contract Details first.")
    return Check(
        "permission",
        any(standing.availability != Availability.NO_PERMISSION for standing in standings),
        _("An agent has the chat permission."),
        _("No agent has the chat permission."),
        grant if seats else raise_seats,
        AGENTS if seats else CONTRACT,
    )


def _agent_checks(standings: list[Standing]) -> list[Check]:
    count = Counter(standing.availability for standing in standings)
    online = sum(standing.is_online for standing in standings)
    return [
        Check(
            "online",
            online > 0,
            _("An agent is Online."),
            _("No agent is Online."),
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
    return Check("reachable", reached > 0, _("An Online agent is connected."), _("No Online agent is connected."), todo)


def _room(free: int, reached: int) -> Check:
    todo = (
        _("All agents are at their limit. Raise the limits or have more agents go Online.")
        if reached
        else _("First, an agent must be Online and connected.")
    )
    return Check(
        "room",
        free > 0,
        _("An agent can take one more chat."),
        _("No agent can take one more chat."),
        todo,
        AGENTS,
    )


def _worker_check(service: Service) -> Check:
    return Check(
        "worker",
        not is_work_overdue(service),
        _("Background tasks are running."),
        _("Background tasks are not running."),
        _("Tasks are overdue: unanswered chats don’t move on to other agents. Tell your operator."),
    )
