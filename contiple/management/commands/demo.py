"""`manage.py demo`: makes a small shop's service to try out, and a second one that must not see it.

For local mode only: everybody can read the passwords here.
"""

import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from agents.models import Agent, Contract, Service, User
from chat.canned.starters import STARTERS, add_starters
from chat.filing import tagging
from chat.models import Chat, Message
from helpcenter import articles, policies
from helpcenter.models import Customer, HelpCenter, HelpCenterText, PrivacyPolicy
from tickets import lifecycle, tags
from tickets.models import Ticket

PASSWORD = "contiple-demo"
TEXTS = settings.BASE_DIR / "helpcenter" / "demo"

# E-mail, name, role and chat permission, in the order in which they are printed.
PEOPLE = [
    ("ada@demo.example", "Ada", Agent.Role.ADMIN, True),
    ("mina@demo.example", "Mina", Agent.Role.AGENT, True),
    ("theo@demo.example", "Theo", Agent.Role.AGENT, True),
]
OTHER_PEOPLE = [("oscar@other.example", "Oscar", Agent.Role.ADMIN, True)]
TITLES = {"en": "Hanok Living Help Center", "ko": "한옥리빙 헬프센터"}
OTHER_TITLES = {"en": "Other shop Help Center", "ko": "다른 상점 헬프센터"}
CATEGORIES = [
    ("orders", {"en": "Orders & delivery", "ko": "주문·배송"}),
    ("returns", {"en": "Returns & refunds", "ko": "반품·환불"}),
    ("account", {"en": "Account & payment", "ko": "계정·결제"}),
]


class Command(BaseCommand):
    help = "Creates the demo service, if there is none yet. In local mode only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError("The demo has passwords that everybody knows: it is for CONTIPLE_MODE=local only.")
        slugs = list(Service.objects.filter(slug__in=["demo", "other"]).values_list("slug", flat=True))
        if slugs:
            raise CommandError(f"There is a service {slugs[0]!r} already; nothing was changed.")
        _hashed_password()
        with transaction.atomic():
            make_demo(timezone.now())
            make_other_shop()
        if options["verbosity"]:
            self.stdout.write("\n".join(sign_ins()))


def sign_ins() -> list[str]:
    """Returns a line for each demo account that exists: e-mail, password, role and service."""
    emails = set(User.objects.filter(is_active=True).values_list("email", flat=True))
    people = [(*person, "Demo") for person in PEOPLE] + [(*person, "Other shop") for person in OTHER_PEOPLE]
    return [
        f"{email} / {PASSWORD}  — {role.value}, {service}"
        for email, _name, role, _chat, service in people
        if email in emails
    ]


def make_demo(now: datetime) -> Service:
    service = _make_service("demo", "Demo", TITLES, "#1f6f5c")
    people = _make_people(service, PEOPLE)
    policies.publish_policy(
        service.help_center, {language: _text(f"policy.{language}") for language in TITLES}, people["Ada"]
    )
    _make_articles(service.help_center, people["Ada"])
    add_starters(people["Ada"], [starter.key for starter in STARTERS], "en")
    for row in _rows("tickets"):
        _make_ticket(service, people, row, now)
    for at, row in enumerate(_rows("chats")):
        _make_chat(service, people, row, now - timedelta(hours=26 + 20 * at))
    return service


def make_other_shop() -> Service:
    """A service whose agent sees nothing of the demo service, and the other way round."""
    service = _make_service("other", "Other shop", OTHER_TITLES, "#7a3e9d")
    people = _make_people(service, OTHER_PEOPLE)
    texts = {language: _text(f"policy.{language}") for language in TITLES}
    policies.publish_policy(service.help_center, texts, people["Oscar"])
    return service


def _make_service(slug: str, name: str, titles: dict[str, str], colour: str) -> Service:
    service = Service.objects.create(slug=slug, name=name)
    Contract.objects.create(service=service, chat=True, chat_widget=True, customer_information=True)
    help_center = HelpCenter.objects.create(service=service, chat_enabled=True, colour=colour, getting_started=False)
    for language, title in titles.items():
        HelpCenterText.objects.create(help_center=help_center, language=language, title=title)
    return service


def _make_people(service: Service, people: list[tuple[str, str, Agent.Role, bool]]) -> dict[str, Agent]:
    return {
        name: Agent.objects.create(
            service=service,
            user=_make_user(email, name),
            role=role,
            chat_permission=chat_permission,
            unmask_permission=True,
        )
        for email, name, role, chat_permission in people
    }


def _make_user(email: str, name: str) -> User:
    """Returns the user with this address, with the password unchanged, or makes one."""
    there = User.objects.filter(email=email).first()
    return there or User.objects.create(email=email, name=name, password=_hashed_password())


@cache
def _hashed_password() -> str:
    """Takes long, so it is asked for before the transaction begins: PostgreSQL ends one that idles for 10 s."""
    return make_password(PASSWORD)


def _make_articles(help_center: HelpCenter, by: Agent) -> None:
    for folder, names in CATEGORIES:
        category = articles.save_category(help_center, None, names=names, by=by)
        for number in sorted({path.name.split(".")[0] for path in (TEXTS / folder).iterdir()}):
            texts = {language: _article(Path(folder) / f"{number}.{language}") for language in names}
            articles.save_article(category, None, texts=texts, publish=True, by=by)


def _article(path: Path) -> tuple[str, str]:
    """Returns title and body. The first line of the file is the title, as a heading."""
    title, _, body = _text(str(path)).partition("\n")
    return title.removeprefix("# "), body.strip()


def _text(name: str) -> str:
    return (TEXTS / f"{name}.md").read_text(encoding="utf-8").strip()


def _rows(name: str) -> list[dict[str, Any]]:
    return json.loads((TEXTS / f"{name}.json").read_text(encoding="utf-8"))


def _make_ticket(service: Service, people: dict[str, Agent], row: dict[str, Any], now: datetime) -> None:
    created_at = now - timedelta(hours=row["hours_ago"])
    draft = lifecycle.Draft(
        channel=Ticket.Channel.HELP_CENTER,
        subject=row["subject"],
        body=row["body"],
        requester=_make_customer(service, row["customer"]),
        policy=_policy(service, _language(row["subject"])),
        consented_at=created_at,
    )
    ticket = lifecycle.create_ticket(service, draft)
    _handle(ticket, people.get(row["assignee"]), people["Ada"], row)
    _date_back(ticket, created_at, created_at + (now - created_at) / 4)


def _handle(ticket: Ticket, assignee: Agent | None, admin: Agent, row: dict[str, Any]) -> None:
    for name in row["tags"]:
        tags.add_tag(assignee or admin, ticket, name)
    if assignee is None:
        return
    lifecycle.set_assignee(assignee, ticket, assignee)
    if row["comment"]:
        lifecycle.add_comment(assignee, ticket, row["comment"])
    lifecycle.set_state(admin, ticket, row["state"])


def _make_chat(service: Service, people: dict[str, Agent], row: dict[str, Any], began: datetime) -> None:
    """Makes a closed chat and its ticket."""
    agent, lines = people[row["agent"]], row["lines"]
    ended = began + timedelta(minutes=2 * len(lines))
    chat = Chat.objects.create(
        service=service,
        customer=_make_customer(service, row["customer"]),
        agent=agent,
        state=Chat.State.CLOSED,
        language=row["language"],
        policy=_policy(service, row["language"]),
        consented_at=began,
        created_at=began,
        waiting_since=began,
        answered_at=began + timedelta(seconds=20),
        first_answered_at=began + timedelta(minutes=4),  # the second line
        chats_at_once=1,
        closed_at=ended,
        closed_by=Chat.ClosedBy.CUSTOMER,
        last_rev=len(lines),
        last_line=lines[-1],
        last_message_at=ended,
    )
    Message.objects.bulk_create(
        _message(chat, seq, line, began + timedelta(minutes=2 * seq)) for seq, line in enumerate(lines, start=1)
    )
    _tag(agent, chat, row["tags"])
    ticket = lifecycle.create_from_chat(agent, chat, subject=row["subject"])
    lifecycle.set_state(agent, ticket, row["state"])
    _date_back(ticket, ended, ended)


def _tag(agent: Agent, chat: Chat, names: list[str]) -> None:
    for name in names:
        tagging.add_tag(agent, chat.pk, name)


def _message(chat: Chat, seq: int, line: str, at: datetime) -> Message:
    """Customer and agent take turns; the customer begins."""
    is_customer = seq % 2 == 1
    return Message(
        chat=chat,
        seq=seq,
        rev=seq,
        author=Message.Author.CUSTOMER if is_customer else Message.Author.AGENT,
        agent=None if is_customer else chat.agent,
        name=chat.customer.name if is_customer else str(chat.agent),
        body=line,
        created_at=at,
    )


def _policy(service: Service, language: str) -> PrivacyPolicy:
    return service.help_center.policies.get(language=language)


def _make_customer(service: Service, name: str) -> Customer:
    number = service.customers.count() + 1
    return Customer.objects.create(
        service=service, name=name, email=f"customer{number}@mail.example", language=_language(name)
    )


def _language(text: str) -> str:
    return "ko" if any("가" <= sign <= "힣" for sign in text) else "en"


def _date_back(ticket: Ticket, created_at: datetime, updated_at: datetime) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(created_at=created_at, updated_at=updated_at)
