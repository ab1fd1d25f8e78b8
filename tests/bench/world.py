"""Rows for the bench, many at once: desks with signed-in agents and their chats, long histories, many tickets."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle

from django.apps import apps
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Min
from django.utils import timezone

from agents.models import Agent, Service, User
from chat.models import Chat, Lease
from helpcenter.customers import token_hash
from helpcenter.models import Customer, PrivacyPolicy
from tests.make import make_service

OUR_APPS = ("agents", "helpcenter", "chat", "tickets", "sessions")
SOON = timedelta(hours=1)
BATCH = 5_000  # rows in one statement


@dataclass
class Guest:
    chat_id: int
    token: str


@dataclass
class Desk:
    """``guests`` are the customers; chat number i belongs to the agent ``seats[i // per_agent]``."""

    service: Service
    agents: list[Agent]
    cookies: list[str] = field(default_factory=list)  # one for each agent
    guests: list[Guest] = field(default_factory=list)


def clear() -> None:
    tables = {model._meta.db_table for app in OUR_APPS for model in apps.get_app_config(app).get_models()}
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(sorted(tables))} RESTART IDENTITY CASCADE")


def make_desk(*, agents: int, chats: int, per_agent: int = 5, waiting: int = 0) -> Desk:
    """A new service whose agents are Online, and, for an hour, reachable, each with ``per_agent`` open chats."""
    slug = f"bench{Service.objects.count()}"
    service = make_service(slug, chats_at_once=50, chat_seats=10_000)
    desk = Desk(service, _agents(service, agents, limit=max(per_agent, 5)))
    desk.cookies = _sessions(desk.agents)
    desk.guests = _chats(desk, chats, per_agent)
    _chats(desk, waiting, 0)
    leases = [Lease(agent=agent, expires_at=timezone.now() + SOON) for agent in desk.agents]
    Lease.objects.bulk_create(leases)
    analyze()
    return desk


def add_messages(chat_ids: list[int], number: int) -> None:
    """As so many appends by both sides, without anybody being told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chat_message (chat_id, seq, rev, client_id, author, name, body, event, created_at)"
            " SELECT id, last_rev + n, last_rev + n, gen_random_uuid(), CASE n %% 2 WHEN 0 THEN 'agent' ELSE 'customer'"
            " END, 'Somebody', 'What was written as number ' || n, '', now() FROM chat_chat, generate_series(1, %s) n"
            " WHERE id = ANY(%s)",
            [number, chat_ids],
        )
        cursor.execute("UPDATE chat_chat SET last_rev = last_rev + %s WHERE id = ANY(%s)", [number, chat_ids])


def add_tickets(service: Service, agent: Agent, number: int, *, requester: Customer | None = None) -> None:
    """One a minute, back from the oldest that was added before: rows lie in the list's order, as tickets do in time."""
    last = service.last_ticket_number
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticket (service_id, number, subject, body, state, channel, requester_id, assignee_id,"
            " created_at, updated_at) SELECT %s, %s + n, 'Where is order ' || n || '?', 'It should have come.',"
            " CASE n %% 3 WHEN 0 THEN 'unassigned' ELSE 'processing' END, 'agent', %s::bigint,"
            " CASE n %% 3 WHEN 0 THEN NULL ELSE %s::bigint END, now(), now() - (%s + n) * interval '1 minute'"
            " FROM generate_series(1, %s) n",
            [service.pk, last, requester and requester.pk, agent.pk, last, number],
        )
    service.last_ticket_number += number
    service.save(update_fields=["last_ticket_number"])
    analyze()


def add_closed_chats(service: Service, agent: Agent, number: int, *, customers: int = 1) -> None:
    """One a minute, of so many customers in turn, back from now, or from the oldest that the service has."""
    oldest = Chat.objects.filter(service=service).aggregate(oldest=Min("created_at"))["oldest"]
    policy = PrivacyPolicy.objects.filter(help_center__service=service).latest("version")
    named = (Customer(service=service, name=f"Customer {n}") for n in range(customers))
    people = Customer.objects.bulk_create(named, batch_size=BATCH)
    newest = min(oldest or timezone.now(), timezone.now())
    moments = [newest - timedelta(minutes=n) for n in range(1, number + 1)]
    chats = (
        Chat(
            service=service,
            customer=customer,
            policy=policy,
            consented_at=at,
            agent=agent,
            state=Chat.State.CLOSED,
            created_at=at,
            closed_at=at,
        )
        for at, customer in zip(moments, cycle(people), strict=False)
    )
    Chat.objects.bulk_create(chats, batch_size=BATCH)
    analyze()


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _agents(service: Service, number: int, *, limit: int) -> list[Agent]:
    users = [User(email=f"a{n}@{service.slug}.example.com", name=f"Agent {n}", password="!") for n in range(number)]
    return Agent.objects.bulk_create(
        Agent(
            service=service,
            user=user,
            chat_permission=True,
            chat_limit=limit,
            chat_status=Agent.ChatStatus.ONLINE,
        )
        for user in User.objects.bulk_create(users)
    )


def _sessions(agents: list[Agent]) -> list[str]:
    """Signed in, as after the sign-in page; the cookies."""
    keys = [uuid.uuid4().hex for _ in agents]
    Session.objects.bulk_create(
        Session(session_key=key, session_data=_session_of(agent.user), expire_date=timezone.now() + SOON)
        for key, agent in zip(keys, agents, strict=True)
    )
    return [f"sessionid={key}" for key in keys]


def _session_of(user: User) -> str:
    return SessionStore().encode(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
    )


def _chats(desk: Desk, number: int, per_agent: int) -> list[Guest]:
    """Active ones where ``per_agent`` is given, else waiting ones."""
    now, service = timezone.now(), desk.service
    policy = PrivacyPolicy.objects.filter(help_center__service=service, language="en").latest("version")
    tokens = [uuid.uuid4().hex for _ in range(number)]
    customers = Customer.objects.bulk_create(
        Customer(service=service, name=f"Customer {n}", token_hash=token_hash(token)) for n, token in enumerate(tokens)
    )
    chats = Chat.objects.bulk_create(
        Chat(
            service=service,
            customer=customer,
            policy=policy,
            consented_at=now,
            agent=desk.agents[n // per_agent] if per_agent else None,
            state=Chat.State.ACTIVE if per_agent else Chat.State.WAITING,
            answered_at=now if per_agent else None,
            waiting_since=now + timedelta(microseconds=n),
        )
        for n, customer in enumerate(customers)
    )
    Lease.objects.bulk_create(Lease(chat=chat, expires_at=timezone.now() + SOON) for chat in chats)
    return [Guest(chat.pk, token) for chat, token in zip(chats, tokens, strict=True)]
