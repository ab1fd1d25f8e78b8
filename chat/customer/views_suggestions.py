"""Articles that may answer a customer before an agent does: offered while a text is typed or the chat waits, and read
in the panel.

What is typed comes in the body of a request and is masked before it is searched; nothing of it is stored or logged.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import throttle
from agents.models import Service
from chat import access
from chat.abuse import limits
from chat.abuse.networks import network_of
from chat.customer.views import for_customers
from chat.masking import concealing
from chat.models import Chat, Message
from helpcenter.access import help_center_of, published_article
from helpcenter.markdown import to_html
from helpcenter.models import Article, ArticleText, Customer
from helpcenter.suggestion_counts import Act, count
from helpcenter.suggestions import TEXT_LENGTH_MAX, Suggestion, most_helpful, suggest
from helpcenter.texts import in_language, reading_language

WAITS = (Chat.State.WAITING, Chat.State.RINGING)
MESSAGES_READ = 5
SEEN_MAX = 100
VIEW_LENGTH_MAX = 64
# What must have been counted before, of the same article in the same page view.
_AFTER = {Act.HELPED: Act.OPENED, Act.NOT_HELPED: Act.OPENED, Act.LEFT: Act.HELPED}
# What is said after the thanks, and the button that leads back: by where the customer is, and whether it helped.
_SAVED, _TO_FORM, _WAIT = _("What you wrote is saved on this page."), _("Back to the form"), _("Keep waiting")
_NEXT: dict[tuple[str, bool], tuple[Any, Any]] = {
    ("start", True): (_SAVED, _("I still want to chat")),
    ("start", False): (_SAVED, _TO_FORM),
    ("inquiry", True): (_SAVED, _TO_FORM),
    ("inquiry", False): (_SAVED, _TO_FORM),
    ("waiting", True): (
        _("Do you still want to wait for an agent? If you leave, your place goes to the next customer."),
        _WAIT,
    ),
    ("waiting", False): (_("You keep your place in the queue."), _WAIT),
    ("chat", True): ("", _("Go to the chat")),
    ("chat", False): ("", _("Go to the chat")),
}


@for_customers
def suggested(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """The three best articles for ``text``, or else for the chat that waits; 204 if there are none.

    ``seen`` are the articles that this page view has shown before: these are not counted again.
    """
    _limit(request, service)
    found = _found(request, service, customer)
    if not found:
        return HttpResponse(status=204)
    seen = set(request.POST.get("seen", "").split()[:SEEN_MAX])
    count(Act.SHOWN, [(it.article_id, it.language) for it in found if str(it.article_id) not in seen])
    return render(request, "chat/_suggested.html", {"service": service, "suggestions": found})


@for_customers
def article(request: HttpRequest, service: Service, customer: Customer | None, pk: int) -> HttpResponse:
    """The article, to be read in the panel."""
    _limit(request, service)
    article, text = _published(service, pk)
    _count_once(request, Act.OPENED, article, text)
    is_translated = text.language == reading_language()
    context = {"service": service, "article": article, "text": text, "is_translated": is_translated}
    return render(request, "chat/_suggested_article.html", context | {"html": to_html(text.body)})


@for_customers
def judge(request: HttpRequest, service: Service, customer: Customer | None, pk: int) -> HttpResponse:
    """Counts whether the article helped, or that a customer whom it helped left. Shows what the customer can do now."""
    _limit(request, service)
    article, text = _published(service, pk)
    act = request.POST.get("act", "")
    if act not in list(_AFTER):
        raise Http404
    if _is_counted(request, _AFTER[Act(act)], article):
        _count_once(request, Act(act), article, text)
    place, has_helped = _place(request, customer), act == Act.HELPED
    text, back = _NEXT[place, has_helped]
    context = {"has_helped": has_helped, "place": place, "text": text, "back": back}
    return render(request, "chat/_suggested_helped.html", context)


def _place(request: HttpRequest, customer: Customer | None) -> str:
    """Where the customer reads: beside the form of an inquiry, in the queue, with an agent, or before a chat."""
    if request.POST.get("place") == "inquiry":
        return "inquiry"
    chat = access.chat_of(customer) if customer else None
    if chat is None or not chat.is_open:
        return "start"
    return "waiting" if chat.state in WAITS else "chat"


def _found(request: HttpRequest, service: Service, customer: Customer | None) -> list[Suggestion]:
    help_center, language = help_center_of(service), reading_language()
    if "text" in request.POST:
        typed = concealing.conceal(service, request.POST["text"][:TEXT_LENGTH_MAX])
        return suggest(help_center, typed, language)
    chat = access.chat_of(customer) if customer else None
    if chat is None or chat.state not in WAITS:
        return []
    written = _written(chat)
    return suggest(help_center, written, language) if written else most_helpful(help_center, language)


def _written(chat: Chat) -> str:
    """What the customer has written, as it is stored: masked."""
    own = chat.messages.filter(author=Message.Author.CUSTOMER).order_by("seq")
    return " ".join(own.values_list("body", flat=True)[:MESSAGES_READ])


def _published(service: Service, pk: int) -> tuple[Article, ArticleText]:
    article = published_article(service, pk)
    text = in_language(article.texts.all(), reading_language())
    if text is None:
        raise Http404
    return article, text


def _limit(request: HttpRequest, service: Service) -> None:
    throttle.count_attempt(limits.SUGGESTIONS_BY_NETWORK, network_of(service.pk, request), now=timezone.now())


def _count_once(request: HttpRequest, act: Act, article: Article, text: ArticleText) -> None:
    if throttle.allow(limits.SUGGESTION_BY_VIEW, _who(request, act, article), now=timezone.now()):
        count(act, [(article.pk, text.language)])


def _is_counted(request: HttpRequest, act: Act, article: Article) -> bool:
    who = _who(request, act, article)
    return throttle.recent_attempts(limits.SUGGESTION_BY_VIEW, who, now=timezone.now()) > 0


def _who(request: HttpRequest, act: Act, article: Article) -> str:
    """A page view, by an id of its own which the page makes; without one, all of a network's are one."""
    view = request.POST.get("view", "")[:VIEW_LENGTH_MAX]
    return f"{view or network_of(article.category.help_center_id, request)} {article.pk} {act}"
