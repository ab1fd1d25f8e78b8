"""How far a new service has got with *Getting started*.

What *Chat check* looks at is read from there, so the two never say different things.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agents.chat_permission import may_chat
from agents.models import Agent, Service
from agents.models_mailboxes import ServiceMailbox
from chat.canned_response import CannedResponse
from chat.models import Chat
from chat.operating_hours import OperatingHours
from chat.routing.checklist import Check, checks_of, look_now
from contiple.first_day.steps import STEPS, Step
from helpcenter.access import help_center_of
from helpcenter.models import Article, HelpCenterText

ARTICLES_ENOUGH = 5  # with fewer, all of them have to be published


@dataclass(frozen=True)
class Shown:
    """A step as it stands: ``done``, ``next``, ``open`` (may be done now) or ``later`` (after ``after``)."""

    step: Step
    state: str
    url: str
    after: list[Promise] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """All steps in order, and how many are done of those that are not optional."""

    steps: list[Shown]
    done: int
    of: int

    @property
    def is_complete(self) -> bool:
        return self.done == self.of


def progress_of(agent: Agent) -> Progress:
    """Returns the steps of the agent's service, as they stand for this admin."""
    checks = {check.name: check for check in checks_of(agent.service, look_now(agent.service))}
    done = _done(agent.service, checks)
    steps = [_fitted(step, agent, checks) for step in STEPS]
    shown = list(_shown(steps, done, agent.service.slug))
    wanted = [step.name for step in steps if not step.is_optional]
    return Progress(shown, sum(done[name] for name in wanted), len(wanted))


def _done(service: Service, checks: Mapping[str, Check]) -> dict[str, bool]:
    """Someone has been Online, even if nobody is now, once a chat went through."""
    center = help_center_of(service)
    went_through = Chat.objects.filter(service=service, state=Chat.State.CLOSED, first_answered_at__isnull=False)
    is_tried = went_through.exists()
    return {
        "contract": checks["contract"].is_done,
        "help_center": HelpCenterText.objects.filter(help_center=center).exclude(title="").exists(),
        "policy": checks["policy"].is_done,
        "chat": checks["help_center"].is_done,
        "agents": checks["permission"].is_done,
        "hours": OperatingHours.objects.filter(service=service, is_on=True).exists(),
        "articles": _has_articles(service),
        "canned": CannedResponse.objects.filter(service=service, owner=None).exists(),
        "mail": ServiceMailbox.objects.filter(service=service).exists(),
        "embed": bool(center.embed_origins),
        "online": is_tried or checks["online"].is_done,
        "test": is_tried,
    }


def _has_articles(service: Service) -> bool:
    """Drafts that were begun are published, or there are enough without them."""
    articles = Article.objects.filter(category__help_center__service=service)
    count = articles.aggregate(published=Count("pk", filter=Q(is_published=True)), all=Count("pk"))
    return count["published"] > 0 and count["published"] >= min(count["all"], ARTICLES_ENOUGH)


def _fitted(step: Step, agent: Agent, checks: Mapping[str, Check]) -> Step:
    """Returns the step with what is so in this service, where that changes what is to be done."""
    permission = checks["permission"]
    if step.name == "agents" and permission.page and permission.page.url_name != step.page:
        return replace(step, text=permission.todo, button=permission.page.title, page=permission.page.url_name)
    if step.name == "embed" and not agent.service.contract.chat_widget:
        text = _("Turn on Chat Widget on other sites in Contract Details. Then name your site in Default Setting.")
        return replace(step, text=text, button=_("Contract Details"), page="agents:contract", place="")
    if step.name == "online" and not may_chat(agent):
        text = _("An agent with the chat permission opens the Chat Widget and chooses Online.")
        return replace(step, text=text, button=_("Agents"), page="agents:agents", opens="")
    if step.name == "articles" and (drafts := _drafts(agent.service)):
        todo = ngettext(
            "Replace what is in [brackets] in your %(count)d draft, then publish it.",
            "Replace what is in [brackets] in your %(count)d drafts, then publish them.",
            drafts,
        )
        return replace(step, text=todo % {"count": drafts}, button=_("Articles"), page="helpcenter:article_admin")
    hours = checks["hours"]
    if step.name == "test" and hours.page and not hours.is_done:
        return replace(step, text=hours.todo, button=hours.page.title, page=hours.page.url_name, place="", opens="")
    return step


def _drafts(service: Service) -> int:
    return Article.objects.filter(category__help_center__service=service, is_published=False).count()


def _shown(steps: list[Step], done: Mapping[str, bool], slug: str) -> Iterator[Shown]:
    titles = {step.name: step.title for step in steps}
    has_next = False
    for step in steps:
        missing = [titles[name] for name in step.needs if not done[name]]
        if done[step.name]:
            state = "done"
        elif missing:
            state = "later"
        elif has_next or step.is_optional:
            state = "open"
        else:
            state, has_next = "next", True
        yield Shown(step, state, reverse(step.page, args=[slug]) + step.place, missing[:1])
