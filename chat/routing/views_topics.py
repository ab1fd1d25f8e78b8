"""Service Management / Chat / Queues. For admins."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from chat.routing.forms_topics import TopicForm
from chat.routing.topics import move_topic, remove_topic, save_topic, topics_of
from chat.topics import Topic
from contiple.base.errors import Conflict, DomainError


@require_safe
@for_admins
def topics(request: HttpRequest, agent: Agent) -> HttpResponse:
    is_there = Q(agents__is_active=True, agents__user__is_active=True, agents__chat_permission=True)
    found = topics_of(agent.service).annotate(people=Count("agents", filter=is_there)).order_by("position", "pk")
    return render(request, "chat/topics.html", {"section": "chat_settings", "tab": "queues", "topics": found})


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def new_topic(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _topic_page(request, agent, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def topic(request: HttpRequest, agent: Agent, topic: int) -> HttpResponse:
    return _topic_page(request, agent, get_object_or_404(topics_of(agent.service), pk=topic))


@require_POST
@for_admins
def move(request: HttpRequest, agent: Agent, topic: int) -> HttpResponse:
    step = -1 if request.POST.get("step") == "up" else 1
    move_topic(agent, get_object_or_404(topics_of(agent.service), pk=topic), step)
    return redirect("chat:topics", agent.service.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def remove(request: HttpRequest, agent: Agent, topic: int) -> HttpResponse:
    """Asks first: who is assigned to nothing else is told what follows."""
    found = get_object_or_404(topics_of(agent.service), pk=topic)
    if request.method != "POST":
        return render(request, "chat/remove_topic.html", {"section": "chat_settings", "topic": found})
    try:
        remove_topic(agent, found)
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Removed."))
    return redirect("chat:topics", agent.service.slug)


def _topic_page(request: HttpRequest, agent: Agent, found: Topic | None) -> HttpResponse:
    name = str(found) if found else _("New queue")
    form = TopicForm(request.POST if request.method == "POST" else None, service=agent.service, topic=found)
    if form.is_valid():
        try:
            save_topic(agent, found, form.values())
        except DomainError as error:
            form.accept_error(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("chat:topics", agent.service.slug)
    return render(request, "chat/topic.html", {"section": "chat_settings", "form": form, "name": name, "topic": found})
