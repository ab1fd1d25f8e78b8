"""A service with its people, who say things by every way there is (`paths`)."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from agents.models import Agent as AgentRow
from agents.models import Service
from agents.outbox.models import OutgoingMail
from chat.models import Chat, MailWait, Message
from contiple.base.clock import database_now
from helpcenter.models import CustomerNote, PrivacyPolicy
from tests.faults.desk import Desk
from tests.faults.people import Client, Customer
from tests.leaks.browser import Answer, Browser
from tests.leaks.secrets import Purse
from tests.make import make_chat, make_customer
from tickets.models import Ticket


@dataclass
class Run:
    """Mina answers chats, Theo is her colleague, Ada their admin; ``visitor`` is any customer's browser.

    ``tried`` are the names of the addresses that a secret was sent to.
    """

    desk: Desk
    purse: Purse
    folder: Path  # for the answers of pages
    masks: bool
    tried: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.mina, self.tab = self.desk.agent_here("Mina", limit=50)
        self.theo, self.theos_tab = self.desk.agent_here("Theo", limit=50, online=False)
        self.ada, self.adas_tab = self.desk.agent_here("Ada", limit=50, online=False, role=AgentRow.Role.ADMIN)
        self.visitor = self.browser()

    @property
    def service(self) -> Service:
        return self.desk.service

    @property
    def chats(self) -> QuerySet[Chat]:
        return Chat.objects.filter(service=self.service)

    @property
    def tickets(self) -> QuerySet[Ticket]:
        return Ticket.objects.filter(service=self.service)

    @property
    def notes(self) -> QuerySet[CustomerNote]:
        return CustomerNote.objects.filter(customer__service=self.service)

    @property
    def customers(self) -> list[Customer]:
        """One of each chat."""
        customers = [client for client in self.desk.crowd.clients if isinstance(client, Customer)]
        return list({it.chat: it for it in customers if f"/{self.service.slug}/" in it.path}.values())

    @cached_property
    def policy(self) -> int:
        return PrivacyPolicy.objects.get(help_center__service=self.service, language="en").pk

    @cached_property
    def talk(self) -> Customer:
        """A chat that Mina has open and on display, for whatever needs no other one."""
        return self.conversation()

    @cached_property
    def ticket(self) -> int:
        """The number of one for whatever needs no other one."""
        self.post(self.mina, "tickets:new", {"subject": "A call", "request_id": uuid.uuid4()})
        return self.tickets.latest("number").number

    @property
    def inquiry(self) -> Ticket:
        """The first ticket that a customer left an address for."""
        return self.tickets.filter(channel=Ticket.Channel.HELP_CENTER, requester__email__gt="").earliest("number")

    # What is said

    def text(self, path: str, *kinds: str, joint: str = "\n") -> str:
        """Secrets that are masked by themselves, in a text that is stored. ``path`` is how it comes in."""
        return self.purse.text(path, *kinds, joint=joint)

    def refused(self, path: str, *kinds: str, joint: str = "\n") -> str:
        """As ``text``, in one that is stored nowhere, masked or not."""
        return self.purse.text(path, *kinds, joint=joint, is_kept=False)

    # By pages

    def browser(self, agent: AgentRow | None = None, folder: Path | None = None) -> Browser:
        return Browser(self.desk.cluster.origin, folder or self.folder, self.desk.cookies[agent.pk] if agent else "")

    def post(self, agent: AgentRow | None, name: str, form: dict | list, *args: object, **options) -> Answer:
        """To the address of that name, by ``agent`` or by a customer."""
        self._note(name, *(form.values() if isinstance(form, dict) else form))
        return self.browser(agent).post(self.path(name, *args), form, **options)

    def upload(self, agent: AgentRow | None, name: str, file: tuple[bytes, str], *args: object, **options) -> Answer:
        """A file, its bytes and its name, to the address of that name."""
        self._note(name, file[1])
        return self.browser(agent).upload(self.path(name, *args), *file, **options)

    def post_in_vain(self, agent: AgentRow | None, name: str, form: dict | list, *args: object, **options) -> Answer:
        """As ``post``. What can't be used is given back to whoever has typed it, in this answer, and to nobody else:
        it is not kept.
        """
        return self.post(agent, name, form, *args, is_kept=False, **options)

    def search(self, agent: AgentRow | None, name: str, words: str, *, field: str = "q") -> None:
        """They come back in the field that they were typed in, as those of ``post_in_vain``."""
        self._note(name, words)
        self.browser(agent).get(f"{self.path(name)}?{urlencode({field: words})}", is_kept=False)

    def get(self, agent: AgentRow, name: str, *args: object) -> str:
        return self.browser(agent).get(self.path(name, *args)).text

    def path(self, name: str, *args: object) -> str:
        return reverse(name, args=[self.service.slug, *args])

    def start(self, *, token: str = "", **form: str) -> Customer:
        """A chat by the form, which Mina opens: nobody else is Online. ``token`` is by which a member is known."""
        answer = self.post(None, "chat:start", {"policy": self.policy, "agree": "on", **form}, token=token)
        assert answer.status == 201, answer
        token = token or answer.headers["X-Chat-Token"]
        chat = self.desk.chat_of(token).pk
        customer = self.desk.customer(token, chat)
        self._open(self.mina, chat)
        self.tab.watch(chat)
        return customer

    def pass_on(self, chat: int, note: str) -> None:
        """From Mina to Theo, who is Online no longer than that."""
        self.desk.set_status(self.theo, AgentRow.ChatStatus.ONLINE)
        self.post(self.mina, "chat:transfer", {"to": self.theo.pk, "note": note}, chat)
        self._open(self.theo, chat)
        self.desk.set_status(self.theo, AgentRow.ChatStatus.BREAK)

    def _open(self, agent: AgentRow, chat: int) -> None:
        answer = self.desk.answer(agent, chat)
        assert answer.status == 200, answer

    def _note(self, name: str, *sent: object) -> None:
        if self.purse.are_in(" ".join(map(str, sent))):
            self.tried.add(name)

    # By sockets

    def conversation(self) -> Customer:
        customer = self.desk.chat_with(self.mina)
        self.tab.watch(customer.chat)
        return customer

    def say(self, client: Client, chat: int, body: str) -> str:
        """Returns the id of the message when it is acknowledged."""
        client_id = client.say(chat, body)
        client.wait_for(lambda: client_id in client.acknowledged, f"{chat} takes no message: {client.refused}")
        return client_id

    def add_note(self, client: Client, chat: int, body: str) -> None:
        client_id = str(uuid.uuid4())
        client.tell("note", client_id=client_id, chat=chat, body=body)
        stored = Message.objects.filter(chat=chat, client_id=client_id)
        client.wait_for(stored.exists, f"{chat} takes no note: {client.refused}")

    def place_of(self, client_id: str) -> int:
        return Message.objects.get(client_id=client_id).seq

    def rev_of(self, chat: int, seq: int) -> int:
        return Message.objects.get(chat=chat, seq=seq).rev

    def say_in_vain(self, client: Client, frame: bytes, code: str) -> None:
        """Returns when it is refused, with this code."""
        before = len(client.heard("error"))
        client.crowd.do(client.wire.send, frame)
        client.wait_for(lambda: len(client.heard("error")) > before, f"nobody minds {frame[:200]!r}")
        assert client.heard("error")[before]["code"] == code

    def chat_without_customer(self) -> int:
        """A chat that Mina has open and on display, and whose customer's page was closed a while ago."""
        chat = make_chat(self.service, customer=make_customer(self.service), agent=self.mina, connected=False).pk
        self.tab.watch(chat)
        return chat

    def mail_unread(self, chat: int) -> None:
        """Returns when what the customer has not read is mailed, as it is after some minutes."""
        now = database_now()
        Message.objects.filter(chat=chat).update(created_at=now - timedelta(hours=1))
        MailWait.objects.filter(chat=chat).update(due_at=now)
        mails = OutgoingMail.objects.filter(about=f"chat:{chat}", state=OutgoingMail.State.SENT)
        self.tab.wait_for(mails.exists, "nothing is mailed", seconds=60)

    def come_back(self) -> list[Client]:
        """Everybody once more, with nothing on display before; returns when they have seen everything."""
        tab, last_revs = self.desk.tab(self.mina), dict(self.chats.values_list("pk", "last_rev"))
        for chat in last_revs:
            tab.watch(chat)
        tab.wait_for(lambda: all(tab.revs.get(chat, 0) >= rev for chat, rev in last_revs.items()))
        return [tab, *(self.desk.customer(it.token, it.chat) for it in self.customers)]
