"""A release of before: its schema in a database of its own, and traffic as its processes make it.

Its models write, with the columns that it knows. Locks are taken in the order in which its transactions took them.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import timezone

# The last migrations of each release that an installation may come from, newest first.
RELEASES = {
    "routing and settings": {"agents": "0004_labels", "chat": "0007_chat_settings_kept_alike",
                             "helpcenter": "0003_chat_settings_leave", "tickets": "0003_tags_by_id"},
    "masking rules": {"agents": "0003_audit_by_month", "chat": "0005_data_key_holders",
                      "helpcenter": "0002_waiting_and_silence", "tickets": "0003_tags_by_id"},
}  # fmt: skip
REPORT_S = 1.0  # a statement that reads for so long keeps a migration waiting
PAUSE_S = 0.01
# As a batch of messages is locked and looked at, in one round trip.
LOCK = """
SELECT chat.last_rev FROM chat_chat AS chat
JOIN helpcenter_customer AS customer ON customer.id = chat.customer_id
JOIN agents_contract AS contract ON contract.service_id = chat.service_id
JOIN agents_service AS service ON service.id = chat.service_id AND NOT service.is_stopped
LEFT JOIN chat_maskingrules AS rules ON rules.service_id = chat.service_id
WHERE chat.id = %s FOR NO KEY UPDATE OF chat
"""
MAY_CHAT = """
SELECT agents_agent.id FROM agents_agent JOIN agents_user ON agents_user.id = user_id
JOIN agents_contract USING (service_id) WHERE agents_agent.id = %s
"""
REPORT = """
SELECT pg_sleep(%s) FROM chat_message, helpcenter_customer, agents_user, agents_contract, chat_chatkey
RIGHT JOIN chat_chat ON true LIMIT 1
"""


class Release:
    """``took`` has how long each message took, in seconds, ``failed`` what went wrong in any act."""

    def __init__(self, apps: Any, place: dict, url: str) -> None:
        self.apps, self.place, self.url = apps, place, url
        self.took: list[float] = []
        self.failed: list[str] = []
        self.done: set[str] = set()
        self.stop = threading.Event()

    def make(self, model: str, **fields: Any) -> Any:
        return self.apps.get_model(model).objects.create(**fields)

    def open_desk(self) -> None:
        self.service = self.make("agents.Service", slug=uuid.uuid4().hex[:8], name="Demo")
        self.make("agents.Contract", service=self.service)
        center = self.make("helpcenter.HelpCenter", service=self.service)
        self.policy = self.make("helpcenter.PrivacyPolicy", help_center=center, version=1, language="en", text="P")
        self.user = self.make("agents.User", email="ann@example.com", name="Ann", password="none")
        self.agent = self.make("agents.Agent", service=self.service, user=self.user)
        self.chat = self.new_chat()

    def new_chat(self) -> Any:
        customer = self.make("helpcenter.Customer", service=self.service, name="Jun", token_hash=uuid.uuid4().hex)
        now = timezone.now()
        return self.make("chat.Chat", service=self.service, customer=customer, policy=self.policy, consented_at=now)

    # What its processes do, each in one transaction

    def send(self) -> None:
        """A message with something masked."""
        with connections["default"].cursor() as cursor:
            cursor.execute(LOCK, [self.chat.pk])
            [seq] = cursor.fetchone() or [0]
            cursor.execute(MAY_CHAT, [self.agent.pk])
        seq += 1
        holder = {"service": self.service, "kind": "chat", "number": self.chat.pk}
        if not self.apps.get_model("chat.DataKey").objects.filter(**holder).exists():
            self.make("chat.DataKey", master="m", wrapped=b"w", customer=self.chat.customer, **holder)
        message = self.make("chat.Message", chat=self.chat, seq=seq, rev=seq, author="agent", name="Ann", body="***",
                            agent=self.agent, client_id=uuid.uuid4())  # fmt: skip
        self.make("chat.Mask", message=message, start=0, end=3, kind="phone", sealed=b"s")
        self.apps.get_model("chat.Chat").objects.filter(pk=self.chat.pk).update(last_rev=seq, last_line="***")

    def start(self) -> None:
        """A chat begins, is given to an agent and ends."""
        now, chats = timezone.now(), self.apps.get_model("chat.Chat").objects
        chat = self.new_chat()
        self.make("chat.Message", chat=chat, seq=1, rev=1, author="system", event="started")
        self.make("chat.Lease", socket=uuid.uuid4(), chat=chat, expires_at=now)
        self.apps.get_model("agents.Agent").objects.select_for_update(no_key=True).get(pk=self.agent.pk)
        chats.filter(pk=chat.pk).update(state="ringing", agent=self.agent, ringing_since=now)
        self.make("chat.Ring", chat=chat, agent=self.agent)
        chats.filter(pk=chat.pk).update(state="closed", closed_at=now, closed_by="agent")

    def sign_in(self) -> None:
        now = timezone.now()
        attempt = self.make("agents.Attempt", key=uuid.uuid4().hex, at=now)
        self.apps.get_model("agents.User").objects.filter(pk=self.user.pk).update(last_login=now)
        Session.objects.create(session_key=uuid.uuid4().hex, session_data="d", expire_date=now)
        attempt.delete()

    def invite(self) -> None:
        """Somebody is invited, and comes."""
        email = f"{uuid.uuid4().hex}@example.com"
        now = timezone.now()
        invitation = self.make("agents.Invitation", service=self.service, email=email, expires_at=now,
                               secret_hash=uuid.uuid4().hex, invited_by=self.agent)  # fmt: skip
        user = self.make("agents.User", email=email, name="Kim", password="none")
        agent = self.make("agents.Agent", service=self.service, user=user)
        self.make("chat.Lease", socket=uuid.uuid4(), agent=agent, expires_at=now)
        invitation.delete()

    def unmask(self) -> None:
        subject = f"chat:{self.chat.pk}"
        self.apps.get_model("chat.Chat").objects.select_for_update(no_key=True).get(pk=self.chat.pk)
        list(self.apps.get_model("chat.DataKey").objects.filter(kind="chat", number=self.chat.pk))
        self.make("agents.AuditEntry", service=self.service, agent=self.agent, action="unmask", subject=subject)

    def report(self) -> None:
        """Reads for long; nobody waits for it."""
        with connections["default"].cursor() as cursor:
            cursor.execute(REPORT, [REPORT_S])

    # All at once

    def repeat(self, act: Callable[[], None], *, pause: float, is_measured: bool) -> None:
        connections["default"] = DatabaseWrapper(self.place, "default")
        while not self.stop.wait(pause):
            began = time.monotonic()
            try:
                with transaction.atomic():
                    act()
                self.done.add(act.__name__)
            except Exception as error:
                self.failed.append(f"{act.__name__}: {type(error.__cause__ or error).__name__}: {error}")
            if is_measured:
                self.took.append(time.monotonic() - began)
        connections["default"].close()

    @contextlib.contextmanager
    def traffic(self) -> Iterator[None]:
        self.open_desk()
        acts = [self.send, self.send, self.start, self.start, self.sign_in, self.invite, self.unmask]
        threads = [self._thread(act, pause=PAUSE_S, is_measured=act == self.send) for act in acts]
        threads.append(self._thread(self.report, pause=REPORT_S, is_measured=False))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _thread(self, act: Callable[[], None], **options: Any) -> threading.Thread:
        return threading.Thread(target=self.repeat, args=[act], kwargs=options)

    def migrate(self) -> subprocess.Popen:
        environment = {**os.environ, "DATABASE_URL": self.url}
        environment.pop("PGOPTIONS", None)
        return subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity=0"],
            cwd=settings.BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
