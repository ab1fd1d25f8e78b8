"""The operator's page of the services' mail addresses.

The operator allots them: whoever could take an address would be sent a copy of every mail that names it.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agents import audit
from agents.admin_accounts import OPERATOR
from agents.models_mailboxes import ServiceMailbox


@admin.register(ServiceMailbox)
class ServiceMailboxAdmin(admin.ModelAdmin):
    """Each change is on record in the service's trail, without the address."""

    fields = ("service", "address")
    list_display = ("address", "service", "last_mail_at")
    list_select_related = ("service",)
    search_fields = ("address", "service__name", "service__slug")
    ordering = ("address",)

    def get_readonly_fields(self, request: HttpRequest, obj: ServiceMailbox | None = None) -> tuple[str, ...]:
        return ("service",) if obj else ()

    def save_model(self, request: HttpRequest, obj: ServiceMailbox, form: Any, change: bool) -> None:
        if "address" in form.changed_data:
            obj.last_mail_at = None  # that it arrives is known of the old address only
            _record(obj, is_open=True)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: ServiceMailbox) -> None:
        _record(obj, is_open=False)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ServiceMailbox]) -> None:
        for mailbox in queryset:
            self.delete_model(request, mailbox)


def _record(mailbox: ServiceMailbox, *, is_open: bool) -> None:
    subject = f"service:{mailbox.service_id}"
    audit.record(mailbox.service_id, "mailbox.changed", subject, actor=OPERATOR, is_open=is_open)
