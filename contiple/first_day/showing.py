"""Whether *Getting started* is shown in a service, kept in its help center's row."""

from django.db import transaction

from agents import audit
from agents.models import Agent
from contiple.first_day.progress import Progress
from helpcenter.access import help_center_of
from helpcenter.models import HelpCenter


def end_when_complete(agent: Agent, progress: Progress) -> None:
    """Leads admins to it no more, once everything is done."""
    if progress.is_complete:
        show(agent, is_shown=False)


@transaction.atomic
def show(by: Agent, *, is_shown: bool) -> None:
    """Shows it to the service's admins, or stops. Twice is the same as once, and on record once."""
    help_center = help_center_of(by.service)
    changed = HelpCenter.objects.filter(pk=help_center.pk).exclude(getting_started=is_shown)
    if changed.update(getting_started=is_shown):
        action = "getting_started.shown" if is_shown else "getting_started.closed"
        audit.record(by.service_id, action, f"help_center:{help_center.pk}", agent=by)
    help_center.getting_started = is_shown
