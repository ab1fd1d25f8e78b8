"""What of a help center is open now, and who a browser's customer is."""

from django.http import Http404

from agents.models import Service
from helpcenter.customers import token_hash
from helpcenter.models import Article, Category, Customer, HelpCenter


def help_center_of(service: Service) -> HelpCenter:
    """The service's help center; the first look at it makes one, closed, with every default."""
    if getattr(service, "help_center", None) is None:
        service.help_center, _ = HelpCenter.objects.get_or_create(service=service)
    return service.help_center


def chat_gate_open(service: Service) -> bool:
    """Gates one and two, read now: the contract has Chat, the help center has it enabled, the service runs."""
    return HelpCenter.objects.filter(
        service_id=service.pk, chat_enabled=True, service__is_stopped=False, service__contract__chat=True
    ).exists()


def customer_for_token(service: Service, token: str) -> Customer | None:
    """Who holds this token in this service. A token of another service is nobody's."""
    return Customer.objects.filter(service=service, token_hash=token_hash(token)).first() if token else None


def category_of(service: Service, pk: int) -> Category:
    """Raises ``Http404`` for another service's as for none."""
    category = Category.objects.prefetch_related("texts").filter(help_center__service=service, pk=pk).first()
    if category is None:
        raise Http404
    return category


def article_of(service: Service, pk: int) -> Article:
    """Published or not. Raises ``Http404`` for another service's as for none."""
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
    """As ``article_of``, and 404 for a draft."""
    article = article_of(service, pk)
    if not article.is_published:
        raise Http404
    return article
