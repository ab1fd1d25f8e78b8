"""The operator's pages of accounts: open sessions, and what happened to accounts."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents import account_trail
from agents.models import User
from agents.models_accounts import AccountEntry, OpenSession
from agents.sessions import end_session
from contiple.base.latest_admin import LatestAdmin

PEOPLE_MAX = 1_000  # whose rows one search finds
BY_PERSON = _("A person’s name or e-mail address")
OPERATOR = "operator"  # the actor in the trail; Django's own log says which operator


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def users_named(text: str) -> list[int]:
    """Returns the ids of people by a part of the name or of the e-mail address."""
    named = User.objects.filter(Q(email__icontains=text) | Q(name__icontains=text))
    return list(named.values_list("pk", flat=True)[:PEOPLE_MAX])


@admin.register(OpenSession)
class OpenSessionAdmin(LatestAdmin, ReadOnlyAdmin):
    """Deleting a session ends it."""

    fields = list_display = ("user", "device", "signed_in_at", "seen_at")
    list_select_related = ("user",)
    search_help_text = BY_PERSON
    ordering = ("-seen_at",)

    def find(self, text: str) -> Q:
        return Q(user__in=users_named(text))

    def delete_model(self, request: HttpRequest, obj: OpenSession) -> None:
        end_session(obj)
        account_trail.record(request, obj.user, AccountEntry.Action.SESSIONS_ENDED, actor=OPERATOR)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OpenSession]) -> None:
        for session in queryset.select_related("user"):
            self.delete_model(request, session)


@admin.register(AccountEntry)
class AccountEntryAdmin(LatestAdmin, ReadOnlyAdmin):
    list_display = ("created_at", "user", "action", "factor", "actor", "device", "address")
    list_filter = ("action", "factor", "created_at")
    list_select_related = ("user",)
    ordering = ("-id",)
    search_help_text = BY_PERSON

    def find(self, text: str) -> Q:
        return Q(user__in=users_named(text))

    def has_delete_permission(self, request: HttpRequest, obj: AccountEntry | None = None) -> bool:
        return False
