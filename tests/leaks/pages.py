"""The pages of everybody, and which addresses there are at all."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import timezone

from agents.models import Agent as AgentRow
from chat.models import ChatFile, Mask
from tests.faults.desk import Desk, session_of
from tests.leaks.browser import Browser, crawl
from tests.leaks.run import Run
from tests.leaks.stage import METRICS_TOKEN, Stage
from tests.make import make_user
from tickets.answering.links import secret_of

NOT_ALLOWED = 405
OPERATOR = "admin:"
CONTACT = "tickets:contact_from_chat"
NO_SUCH_PAGE = "/hc/no-such-help-center/"


@dataclass(frozen=True)
class Address:
    name: str  # as `reverse` knows it
    parameters: Sequence[str]

    def paths(self, values: Mapping[str, Sequence[object]]) -> list[str]:
        """With each of ``values`` in the place of its parameter."""
        chosen = product(*(values[name] for name in self.parameters))
        return [reverse(self.name, kwargs=dict(zip(self.parameters, each, strict=True))) for each in chosen]


def look_at_pages(stage: Stage, *runs: Run) -> set[str]:
    """By every address that shows something to somebody; returns the names of those that a form is sent to."""
    readable, posted = _kinds_of_addresses(runs[0])
    for run in runs:
        _look_as_its_people(stage, run, readable)
        _look_as_strangers(stage, run, readable)
    _look_as_operator(stage)
    _look_as_machine(stage)
    return posted | _asked_by_forms(stage)


def _look_as_its_people(stage: Stage, run: Run, readable: list[Address]) -> None:
    paths = _paths(readable, _values(run))
    crawl(run.browser(run.mina, stage.place("pages of an agent")), paths, is_script=True)
    crawl(run.browser(run.theo, stage.place("pages of a colleague")), paths)
    ada = run.browser(run.ada, stage.place("pages of an admin"))
    crawl(ada, paths)
    for kind, rows in product(("xlsx", "csv"), ("chats", "messages")):
        form = {"kind": kind, "rows": rows, "notes": "on", "reason": "Look"}
        answer = ada.post(run.path("chat:export_chats"), form)
        assert "attachment" in answer.headers.get("Content-Disposition", ""), answer
    _look_as_customers(run.browser(folder=stage.place("pages of customers")), run)


def _look_as_strangers(stage: Stage, run: Run, readable: list[Address]) -> None:
    """One is an admin elsewhere, and tries the own addresses with this service's numbers as well."""
    outside = Desk(stage.cluster, stage.crowd)
    outsider = outside.agent("Oscar", role=AgentRow.Role.ADMIN)
    services = {"service": [run.service.slug, outside.service.slug]}
    browser = Browser(stage.cluster.origin, stage.place("pages of an outsider"), outside.cookies[outsider.pk])
    crawl(browser, _paths(readable, _values(run) | services))
    crawl(Browser(stage.cluster.origin, stage.place("pages of anybody")), _paths(readable, _values(run)))


def _look_as_customers(browser: Browser, run: Run) -> None:
    """They have no cookie, and ask with a token, or open the link of an inquiry."""
    for customer in run.customers:
        form = {"before": 2**31 - 1, "token": customer.token, "chat": customer.chat}
        for name in ("chat:resume", "chat:customer_earlier", "chat:evaluate", "chat:transcript", CONTACT):
            browser.post(run.path(name), form, token=customer.token)
        for file in ChatFile.objects.filter(chat__in=run.chats).values_list("pk", flat=True):
            for name in ("chat:customer_file", "chat:customer_thumbnail"):
                browser.post(run.path(name, file), form, token=customer.token)
    now = timezone.now()
    secrets = [secret_of(ticket, now=now) for ticket in run.tickets.select_related("service")]
    crawl(browser, [run.path("tickets:inquiry", secret) for secret in secrets])


def _look_as_operator(stage: Stage) -> None:
    cookie = session_of(make_user("Olga", is_staff=True, is_superuser=True))
    crawl(Browser(stage.cluster.origin, stage.place("pages of the operator"), cookie), [reverse("admin:index")])


def _look_as_machine(stage: Stage) -> None:
    Browser(stage.cluster.origin, stage.folder).get(NO_SUCH_PAGE, is_kept=False)  # for a line in the logs
    for web in stage.cluster.web_processes:
        _status, scraped = web.ask("/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
        (stage.place("metrics") / web.name).write_text(scraped)


def _kinds_of_addresses(run: Run) -> tuple[list[Address], set[str]]:
    """Those that show something, and the names of those that take a form: who asks in the wrong way is told so.

    The operator's site shows what its own links lead to.
    """
    everything = list(_addresses(get_resolver()))
    ours = {it: it.paths(_values(run))[0] for it in everything if not it.name.startswith(OPERATOR)}
    readable = [it for it, path in ours.items() if run.visitor.get(path, is_kept=False).status != NOT_ALLOWED]
    posted = {it.name for it, path in ours.items() if run.visitor.post(path, {}, is_kept=False).status != NOT_ALLOWED}
    return readable, posted | {it.name for it in everything if it not in ours}


def _addresses(resolver: URLResolver, namespace: str = "", parameters: tuple[str, ...] = ()) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        taken = (*parameters, *entry.pattern.converters)
        if isinstance(entry, URLResolver):
            yield from _addresses(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace, taken)
        elif isinstance(entry, URLPattern) and entry.name:
            yield Address(namespace + entry.name, taken)
        else:  # what Django does with the rest of the operator's site
            assert namespace == OPERATOR, f"{entry} needs a name"


def _paths(addresses: list[Address], values: Mapping[str, Sequence[object]]) -> list[str]:
    return [path for address in addresses for path in address.paths(values)]


def _values(run: Run) -> dict[str, list]:
    """For the parameters of addresses: whatever the service has."""
    return {
        "service": [run.service.slug],
        "chat": list(run.chats.values_list("pk", flat=True)),
        "seq": [1],
        "mask": [0, *Mask.objects.filter(message__chat__in=run.chats).values_list("pk", flat=True)],
        "number": list(run.tickets.values_list("number", flat=True)),
        "own": [0, *run.service.own_patterns.values_list("pk", flat=True)],
        "tag": [0, *run.service.tags.values_list("pk", flat=True)],
        "block": [0],
        "notice": [0],
        "topic": [0],
        "customer": [0, *set(run.notes.values_list("customer", flat=True))],
        "note": [0, *run.notes.values_list("pk", flat=True)],
        "response": [0, *run.service.canned_responses.values_list("pk", flat=True)],
        "category": [0],
        "mail": [0],
        "file": [0, *ChatFile.objects.filter(chat__in=run.chats).values_list("pk", flat=True)],
        "pk": list(run.service.agents.values_list("pk", flat=True)),
        # Of invitations and of links in mails.
        "secret": ["none"],
        "uidb64": ["none"],
        "token": ["none"],
    }


def _asked_by_forms(stage: Stage) -> set[str]:
    """Names of the addresses of forms that are not posted, on any page that was looked at.

    Those without an address are a script's, which speaks by its socket.
    """
    pages = (file.read_text(errors="replace") for file in stage.folder.glob("pages of a*/*"))
    forms = {form for page in pages for form in re.findall(r"<form\b[^>]*>", page) if 'method="post"' not in form}
    paths = {found[1] for form in forms if (found := re.search(r'action="([^"]*)"', form))}
    return {resolve(path).view_name for path in paths}
