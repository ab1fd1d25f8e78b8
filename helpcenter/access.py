"""Fetches help centers, their articles and a browser's customer; says whether chat is open."""

from django.http import Http404

from agents.models import Service
from helpcenter.customers import known_by
from helpcenter.models import Article, Category, Customer, HelpCenter
from helpcenter.texts import text_for


def help_center_of(service: Service) -> HelpCenter:
    """Returns the service's help center; the first call makes one, with chat off and every default."""
    if getattr(service, "help_center", None) is None:
        service.help_center, _ = HelpCenter.objects.get_or_create(service=service)
    return service.help_center


def title_of(service: Service, language: str) -> str:
    """Returns the name by which customers know the service, on pages and in mails: its help center's title."""
    return text_for(help_center_of(service), language).title


def chat_gate_open(service: Service) -> bool:
    """Reads gates one and two now: the contract has Chat, the help center has it enabled, and the service runs."""
    return HelpCenter.objects.filter(
        service_id=service.pk, chat_enabled=True, service__is_stopped=False, service__contract__chat=True
    ).exists()


def customer_for_token(service: Service, token: str) -> Customer | None:
    """Returns the service's customer with this token. A token of another service is nobody's."""
    return Customer.objects.filter(known_by(token), service=service).first() if token else None


def category_of(service: Service, pk: int) -> Category:
    """Raises ``Http404`` if there is no such category in the service."""
    category = Category.objects.prefetch_related("texts").filter(help_center__service=service, pk=pk).first()
    if category is None:
        raise Http404
    return category


def article_of(service: Service, pk: int) -> Article:
    """The article, published or not. Raises ``Http404`` if there is none in the service."""
    article = (
        Article.objects.select_related("category")
        .prefetch_related("texts", "category__texts")
        .filter(category__help_center__service=service, pk=pk)
        .first()
    )
    if article is None:
        raise Http404
    return article


def published_article(service: Service, pk: int) -> Article:
    """As ``article_of``, but a draft raises ``Http404`` too."""
    article = article_of(service, pk)
    if not article.is_published:
        raise Http404
    return article
