"""The pages of Service Management / Personal Information Masking. For admins."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import for_admins
from agents.models import Agent
from chat.masking import settings as masking_settings
from chat.masking.concealing import is_on
from chat.masking.forms import PatternForm, RulesForm, SampleForm
from chat.masking.kinds import NAMES
from chat.masking.models import OwnPattern
from chat.masking.preview import Preview, preview
from chat.masking.rules import Action, Rule, pattern_rules, rules_of
from contiple.base.errors import DomainError

TRY, CONFIRMED = "try", "confirmed"  # the names of buttons


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def rules(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The page of the rules. It asks a second time if card codes or passwords would not be destroyed any more."""
    form = RulesForm(request.POST if request.method == "POST" else None, row=masking_settings.rules_row(agent.service))
    if TRY in request.POST:
        return _tried(request, agent, form)
    loosened = masking_settings.loosened(form.saved, form.kinds()) if form.is_valid() else []
    confirming = loosened if CONFIRMED not in request.POST else []
    if form.is_bound and form.is_valid() and not confirming and _saved(request, agent, form):
        return redirect("chat:masking_rules", agent.service.slug)
    context = _context(agent, form) | {"confirming": ", ".join(str(NAMES[kind]) for kind in confirming)}
    return render(request, "chat/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def add_pattern(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _pattern_page(request, agent, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def edit_pattern(request: HttpRequest, agent: Agent, own: int) -> HttpResponse:
    return _pattern_page(request, agent, masking_settings.own_pattern_for(agent, own))


@require_POST
@for_admins
def remove_pattern(request: HttpRequest, agent: Agent, own: int) -> HttpResponse:
    masking_settings.remove_pattern(masking_settings.own_pattern_for(agent, own), by=agent)
    messages.success(request, _("Deleted."))
    return redirect("chat:masking_rules", agent.service.slug)


def _tried(request: HttpRequest, agent: Agent, form: RulesForm) -> HttpResponse:
    """Shows what the form's rules would do, with the service's own words and patterns."""
    sample, tried = SampleForm(request.POST), None
    if sample.is_valid() and form.is_valid():
        tried = preview(replace(rules_of(agent.service_id), kinds=form.kinds()), sample.cleaned_data["sample"])
    context = _context(agent, form) | {"sample": sample, "tried": tried}
    return render(request, "chat/_try.html" if _is_part(request) else "chat/rules.html", context)


def _pattern_page(request: HttpRequest, agent: Agent, own: OwnPattern | None) -> HttpResponse:
    form = PatternForm(request.POST if request.method == "POST" else None, own=own)
    tried = None
    if form.is_bound and form.is_valid():
        if TRY in request.POST:
            tried = _pattern_tried(agent, form, own)
        elif _pattern_saved(request, agent, form, own):
            return redirect("chat:masking_rules", agent.service.slug)
    context = {"section": "masking", "form": form, "own": own, "tried": tried, "is_on": is_on(agent.service)}
    return render(request, "chat/_pattern_form.html" if _is_part(request) else "chat/pattern.html", context)


def _pattern_tried(agent: Agent, form: PatternForm, own: OwnPattern | None) -> Preview | None:
    """Returns what the service's rules would do to the sample, with the form's word or pattern."""
    values, sample = form.values(), form.cleaned_data["sample"]
    try:
        pattern = masking_settings.try_out(values, sample)
    except DomainError as error:
        form.accept_error(error)
        return None
    patterns = pattern_rules(it for it in masking_settings.own_patterns_of(agent) if it != own)
    patterns.append((pattern, Rule(values["action"], values["keep"])))
    return preview(replace(rules_of(agent.service_id), patterns=patterns), sample)


def _pattern_saved(request: HttpRequest, agent: Agent, form: PatternForm, own: OwnPattern | None) -> bool:
    values, sample = form.values(), form.cleaned_data["sample"]
    try:
        if own:
            masking_settings.change_pattern(own, by=agent, values=values, sample=sample, seen=form.cleaned_data["seen"])
        else:
            masking_settings.add_pattern(by=agent, values=values, sample=sample)
    except DomainError as error:
        form.accept_error(error)
        _stamp_pattern_again(agent, form, own)
        return False
    messages.success(request, _("Saved."))
    return True


def _stamp_pattern_again(agent: Agent, form: PatternForm, own: OwnPattern | None) -> None:
    current = masking_settings.own_patterns_of(agent).filter(pk=own.pk).first() if own else None
    if current:
        form.stamp_again(masking_settings.pattern_stamp(current))


def _saved(request: HttpRequest, agent: Agent, form: RulesForm) -> bool:
    values, seen = form.cleaned_data, form.cleaned_data["seen"]
    try:
        changed = masking_settings.change_rules(
            by=agent, kinds=form.kinds(), reveals_per_hour=values["reveals_per_hour"], seen=seen
        )
    except DomainError as error:
        form.accept_error(error)
        form.stamp_again(masking_settings.rules_stamp(masking_settings.rules_row(agent.service)))
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True


def _context(agent: Agent, form: RulesForm) -> dict:
    own = [(it, Action(it.action)) for it in masking_settings.own_patterns_of(agent)]
    return {
        "section": "masking",
        "tab": "rules",
        "form": form,
        "groups": list(form.groups()),
        "sample": SampleForm(),
        "patterns": own,
        "patterns_max": masking_settings.PATTERNS_MAX,
        "is_on": is_on(agent.service),
    }


def _is_part(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted
