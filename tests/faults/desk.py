"""A service in the cluster's database, its people as clients, and what they do by pages.

Every test has a desk of its own, so that tests share a cluster without meeting. Rows are made and read through the
ORM, in the test's thread, on the cluster's database (the fixture ``cluster`` sees to that).
"""

import contextlib
import itertools
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.conninfo import conninfo_to_dict

from agents.models import Agent as AgentRow
from agents.models import AuditEntry, Contract, Service, User
from chat.conversation.entries import PAGE_SIZE
from chat.models import Chat, Lease, Message, Ring
from chat.routing.presence import LEASE_S
from contiple.base.clock import database_now
from contiple.local.cluster import Cluster
from helpcenter.customers import known_by, token_hash
from helpcenter.models import PrivacyPolicy
from tests.faults.people import Agent, Client, Crowd, Customer, wait_until, wait_until_nothing_is_left
from tests.make import make_agent, make_chat, make_customer, make_service

CSRF = "c" * 32
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    token: str


def session_of(user: User) -> str:
    """The cookie of somebody who has just signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"sessionid={session.session_key}"


@contextlib.contextmanager
def orm_in(url: str) -> Iterator[None]:
    """Until it is left, the ORM of this thread works in the database at ``url``."""
    own, parts = connections["default"], conninfo_to_dict(url)
    place = {"NAME": parts["dbname"], "USER": parts["user"], "HOST": parts["host"], "PORT": parts["port"]}
    connections["default"] = DatabaseWrapper({**own.settings_dict, **place, "PASSWORD": "", "OPTIONS": {}}, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = own


@dataclass
class Desk:
    cluster: Cluster
    crowd: Crowd
    service: Service = field(init=False)
    cookies: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = make_service(f"desk{next(_numbers)}", chats_at_once=50, chat_seats=1000)

    # Agents

    def agent(self, name: str = "", *, limit: int = 3, online: bool = True, **fields) -> AgentRow:
        """A signed-in one, who has no page open yet."""
        row = make_agent(self.service, name, online=online, chat_limit=limit, **fields)
        self.cookies[row.pk] = session_of(row.user)
        return row

    def tab(self, agent: AgentRow, *chats: int, web: str = "") -> Agent:
        """A page of the agent's with these chats on display, through the front or at one process. Open."""
        tab = Agent(
            self.crowd, slug=self.service.slug, watched=list(chats), cookie=self.cookies[agent.pk], **self.place(web)
        )
        tab.open()
        return tab

    def agent_here(self, name: str = "", *, web: str = "", **fields) -> tuple[AgentRow, Agent]:
        row = self.agent(name, **fields)
        return row, self.tab(row, web=web)

    def set_status(self, agent: AgentRow, status: str, *, web: str = "") -> Answer:
        return self.post(f"/desk/{self.service.slug}/chat/status/", {"status": status}, agent=agent, web=web)

    def answer(self, agent: AgentRow, chat: int, *, web: str = "") -> Answer:
        return self.post(f"/desk/{self.service.slug}/chat/{chat}/open/", {}, agent=agent, web=web)

    def end(self, agent: AgentRow, chat: int, *, web: str = "") -> Answer:
        return self.post(f"/desk/{self.service.slug}/chat/{chat}/end/", {}, agent=agent, web=web)

    # Customers

    def start(self, *, web: str = "", name: str = "Jun", message: str = "") -> Answer:
        policy = PrivacyPolicy.objects.get(help_center__service=self.service, language="en")
        form = {"name": name, "policy": policy.pk, "agree": "on", "message": message}
        return self.post(f"/hc/{self.service.slug}/chat/start/", form, web=web)

    def customer(self, token: str, chat: int, *, web: str = "") -> Customer:
        customer = Customer(self.crowd, slug=self.service.slug, token=token, chat=chat, **self.place(web))
        customer.open()
        return customer

    def customer_here(self, *, web: str = "", **form) -> Customer:
        """Has started a chat by the form and is on its socket."""
        answer = self.start(web=web, **form)
        assert answer.status == 201, answer
        return self.customer(answer.token, self.chat_of(answer.token).pk, web=web)

    def chat_of(self, token: str) -> Chat:
        return Chat.objects.filter(known_by(token, "customer__")).latest("pk")

    def chat_with(self, agent: AgentRow | None, *, web: str = "", **fields) -> Customer:
        """An active chat (a waiting one without an agent) with its customer on the socket."""
        token = uuid.uuid4().hex
        customer = make_customer(self.service, token_hash=token_hash(token))
        chat = make_chat(self.service, customer=customer, agent=agent, **fields)
        return self.customer(token, chat.pk, web=web)

    def conversation(self, *, customer_at: str = "", agent_at: str = "") -> tuple[AgentRow, Agent, Customer]:
        """An open chat: the agent, the tab that shows it, and the customer. Without a tab an agent is gone."""
        agent, tab = self.agent_here(web=agent_at)
        customer = self.chat_with(agent, web=customer_at)
        tab.watch(customer.chat)
        return agent, tab, customer

    def waiting_chat(self) -> int:
        """A row that nobody was told of. Its customer is there for the first minutes of every chat."""
        return make_chat(self.service, waiting_since=database_now()).pk

    # Pages

    def place(self, web: str) -> dict:
        port = self.cluster[web].port if web else self.cluster.port
        return {"origin": self.cluster.origin, "port": port}

    def post(self, path: str, form: dict, *, agent: AgentRow | None = None, token: str = "", web: str = "") -> Answer:
        return self._ask(path, urllib.parse.urlencode(form).encode(), agent, token, web)

    def get(self, path: str, *, agent: AgentRow, web: str = "") -> Answer:
        return self._ask(path, None, agent, "", web)

    def _ask(self, path: str, body: bytes | None, agent: AgentRow | None, token: str, web: str) -> Answer:
        headers = {"X-Requested-With": "fetch", "X-CSRFToken": CSRF, "Host": f"localhost:{self.cluster.port}"}
        if body is not None:
            headers["Origin"] = self.cluster.origin
        headers["Cookie"] = f"csrftoken={CSRF}" + (f"; {self.cookies[agent.pk]}" if agent else "")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"http://127.0.0.1:{self.place(web)['port']}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.read().decode(), answer.headers.get("X-Chat-Token", ""))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), "")

    # What the database says

    def now(self, and_s: float = 0) -> datetime:
        return database_now() + timedelta(seconds=and_s)

    @contextlib.contextmanager
    def in_threads(self) -> Iterator[None]:
        """Other threads of the test look into the cluster's database, too."""
        place = connections["default"].settings_dict
        own, connections.settings["default"] = connections.settings["default"], place
        try:
            yield
        finally:
            connections.settings["default"] = own

    def state_of(self, chat: int) -> tuple[str, int | None]:
        return Chat.objects.values_list("state", "agent").get(pk=chat)

    def is_with(self, chat: int, agent: AgentRow, state: str = Chat.State.RINGING) -> bool:
        return self.state_of(chat) == (state, agent.pk)

    def loads(self) -> Counter[int]:
        held = Chat.objects.filter(service=self.service, state__in=[Chat.State.RINGING, Chat.State.ACTIVE])
        return Counter(held.values_list("agent", flat=True))

    def rung(self, chat: int) -> list[tuple[int, str]]:
        """Agent and outcome of every ring of the chat, in their order."""
        return list(Ring.objects.filter(chat=chat).order_by("pk").values_list("agent", "outcome"))

    def missed(self, chat: int) -> int:
        return [outcome for _agent, outcome in self.rung(chat)].count(Ring.Outcome.MISSED)

    def events(self, chat: int, event: str) -> int:
        return Message.objects.filter(chat=chat, event=event).count()

    def acts(self, action: str, chat: int) -> int:
        return AuditEntry.objects.filter(service=self.service, action=action, subject=f"chat:{chat}").count()


# Time that passes: by rows, as far as the database's clock decides


def ring_for(chat: int, seconds: float) -> None:
    """It has rung for so long."""
    Chat.objects.filter(pk=chat).update(ringing_since=database_now() - timedelta(seconds=seconds))


def age_leases(agent: AgentRow, *, expired_s: float) -> None:
    """The agent's sockets were last heard of so long ago that the leases ran out ``expired_s`` seconds ago."""
    Lease.objects.filter(agent=agent).update(expires_at=database_now() - timedelta(seconds=expired_s))


def give_lease(agent: AgentRow) -> None:
    Lease.objects.create(agent=agent, expires_at=database_now() + timedelta(seconds=LEASE_S))


def lease_of(agent: AgentRow) -> datetime:
    return Lease.objects.filter(agent=agent).latest("expires_at").expires_at


def switch(service: Service, **fields) -> None:
    """As by SQL: nothing of the product is told."""
    Contract.objects.filter(service=service).update(**fields)


# The invariants


def assert_nothing_lost(
    desk: Desk, chat: int, *clients: Client, seconds: float = 12, others: Iterable[Client] = ()
) -> None:
    """Invariant 1, once nobody writes any more: everything has been sent again and shown everywhere.

    Within ``seconds`` the next message is acknowledged, and then all of them are shown. ``others`` have written and do
    not show the chat.
    """
    showing, clients = clients, (*clients, *others)
    wait_until_nothing_is_left(
        lambda: sum(len(client.outbox) for client in clients),
        seconds,
        otherwise=lambda: f"still unacknowledged: {[client.what_is_unsent() for client in clients]}",
    )
    wait_until(  # the desk may still add a word of its own
        lambda: all(client.ids(chat) == _stored(chat) for client in showing),
        seconds,
        otherwise=lambda: _difference(_stored(chat), showing, chat),
    )
    stored = _stored(chat)
    assert list(stored) == list(range(1, len(stored) + 1)), "places are missing"
    sent = {key: said.body for client in clients for key, said in client.sent.items() if said.chat == chat}
    for client in clients:
        assert client.wrong == [], client.wrong
        assert client.refused == {}, client.refused
    assert Counter(key for key in stored.values() if key) == Counter(sent.keys()), "not each of them exactly once"
    for client in clients:
        for client_id, seq in client.acknowledged.items():
            if client.sent[client_id].chat == chat:
                assert stored[seq] == client_id
    places = {client_id: seq for seq, client_id in stored.items()}
    for client in clients:
        in_order = [places[client_id] for client_id, said in client.sent.items() if said.chat == chat]
        assert in_order == sorted(in_order), "a message has overtaken an earlier one of its sender"
    bodies = dict(Message.objects.filter(chat=chat).exclude(client_id=None).values_list("client_id", "body"))
    assert {str(key): body for key, body in bodies.items()} == sent
    _assert_history_shows(desk, chat, list(stored))


def _stored(chat: int) -> dict[int, str | None]:
    rows = Message.objects.filter(chat=chat).order_by("seq").values_list("seq", "client_id")
    return {seq: str(client_id) if client_id else None for seq, client_id in rows}


def _difference(stored: dict[int, str | None], clients: tuple[Client, ...], chat: int) -> str:
    shown = [client.ids(chat) for client in clients]
    missing = [sorted(set(stored) - set(ids)) for ids in shown]
    return f"{len(stored)} stored, {[len(ids) for ids in shown]} shown; missing at {missing}"


def _assert_history_shows(desk: Desk, chat: int, places: list[int]) -> None:
    row = Chat.objects.select_related("agent__user").get(pk=chat)
    if row.agent_id not in desk.cookies:
        return
    page = desk.get(f"/desk/{desk.service.slug}/chat/{chat}/history/", agent=row.agent)
    assert page.status == 200
    assert [int(seq) for seq in re.findall(rf'id="m-{chat}-(\d+)"', page.text)] == places[-PAGE_SIZE:]


def assert_within_limits(desk: Desk) -> None:
    """Invariant 2: one agent a chat is a column; nobody has more than allowed."""
    loads = desk.loads()
    limits = dict(AgentRow.objects.filter(pk__in=loads).values_list("pk", "chat_limit"))
    assert all(load <= limits[agent] for agent, load in loads.items()), (loads, limits)


def when_database_answers(seconds: float = 20) -> None:
    """After a restart of PostgreSQL: the test's own connection is a new one."""
    connection.close()

    def answers() -> bool:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return True
        connection.close()
        return False

    wait_until(answers, seconds)
