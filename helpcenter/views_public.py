"""The help center's public pages.

They are sent compressed, as the chat's page is: nothing secret is on them but the token against forged forms, which is
written differently each time, so its size tells nothing (BREACH). The pages of agents are not.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from agents.access import running_service
from helpcenter.access import published_article
from helpcenter.articles import shelves
from helpcenter.markdown import to_html
from helpcenter.pages import public_page
from helpcenter.policies import current_policy
from helpcenter.search import QUERY_LENGTH_MAX, search_articles
from helpcenter.texts import category_name, in_language, reading_language


@require_safe
@gzip_page
def home(request: HttpRequest, service: str) -> HttpResponse:
    context = public_page(request, running_service(service))
    context["shelves"] = shelves(context["help_center"], reading_language())
    return render(request, "helpcenter/home.html", context)


@require_safe
@gzip_page
def article(request: HttpRequest, service: str, pk: int) -> HttpResponse:
    context = public_page(request, running_service(service))
    article = published_article(context["service"], pk)
    text = in_language(article.texts.all(), reading_language())
    if text is None:
        raise Http404
    context |= {
        "article": article,
        "text": text,
        "html": to_html(text.body),
        "category": category_name(article.category, reading_language()),
        "is_translated": text.language == reading_language(),
    }
    return render(request, "helpcenter/article.html", context)


@require_safe
@gzip_page
def search(request: HttpRequest, service: str) -> HttpResponse:
    context = public_page(request, running_service(service))
    query = request.GET.get("q", "").strip()[:QUERY_LENGTH_MAX]
    context |= {"query": query, "results": search_articles(context["help_center"], query, reading_language())}
    return render(request, "helpcenter/search.html", context)


@require_safe
@gzip_page
def policy(request: HttpRequest, service: str) -> HttpResponse:
    context = public_page(request, running_service(service))
    context["policy"] = current_policy(context["help_center"], reading_language())
    if context["policy"] is None:
        raise Http404
    return render(request, "helpcenter/policy.html", context)
