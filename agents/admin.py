"""The operator's pages: people, services with their contracts and members, and the trail, read only."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agents import account_trail, admin_mailboxes, admin_outbox, audit, contracts  # noqa: F401 - pages of mails
from agents.access import active_admins
from agents.admin_accounts import OPERATOR, ReadOnlyAdmin, users_named
from agents.contracts import lock_contract, refuse_chat_permission, refuse_seats_in_use, turn_everybody_offline
from agents.membership import refuse_deactivating_last_admin, refuse_losing_last_admin
from agents.models import Agent, AuditEntry, Contract, Invitation, Service, User
from agents.models_accounts import AccountEntry
from agents.second_factor import factors, step_up
from agents.second_factor.requirement import lead_to_set_up, operator_lacks_factor
from agents.sessions import end_all_sessions
from contiple.base.errors import DomainError
from contiple.base.latest_admin import LatestAdmin

admin.site.site_header = _("Contiple operator pages")
admin.site.site_title = _("Contiple operator pages")
admin.site.index_title = _("Installation")


def operator_sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Replaces the admin's own sign-in by ours, which counts and limits attempts."""
    index = reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next") or index)
    if operator_lacks_factor(request.user):
        return lead_to_set_up(request, index)
    if not may_operate(request):
        raise Http404
    return redirect(index)


def may_operate(request: HttpRequest) -> bool:
    """Says whether the operator's pages are open: not without the second factor that the installation requires."""
    return request.user.is_active and request.user.is_staff and not operator_lacks_factor(request.user)


admin.site.login = operator_sign_in  # type: ignore[method-assign]
admin.site.has_permission = may_operate  # type: ignore[method-assign]


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class UserForm(UserChangeForm):
    def clean_is_active(self) -> bool:
        """Refuses to deactivate the last admin of a service."""
        is_active = self.cleaned_data["is_active"]
        if not is_active:
            _or_form_error(refuse_deactivating_last_admin, self.instance)
        return is_active


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff", "second_factor", "last_login", "email_proved_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Account"), {"fields": ("date_joined", "last_login", "email_proved_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")}),
    )
    readonly_fields = ("date_joined", "last_login", "email_proved_at")
    actions = ("sign_out_everywhere", "reset_second_factor")

    @admin.action(description=_("Remove two-step verification (lost devices)"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Asks operators who have a second factor for it first."""
        if request.user.second_factor and not step_up.is_recent(request, now=timezone.now()):
            return step_up.ask(request)
        gone = sum(factors.reset(user, actor=OPERATOR) for user in queryset)
        messages.success(
            request, ngettext("%(count)s person changed.", "%(count)s people changed.", gone) % {"count": gone}
        )
        return None

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            end_all_sessions(user)
            account_trail.record(request, user, AccountEntry.Action.SESSIONS_ENDED, actor=OPERATOR)


class ContractForm(forms.ModelForm):
    """Refuses fewer chat seats than are in use. A new service's contract is saved as it stands, changed or not."""

    def has_changed(self) -> bool:
        return not self.instance.pk or super().has_changed()

    def clean_chat_seats(self) -> int:
        seats = self.cleaned_data["chat_seats"]
        if self.instance.pk:
            _or_form_error(refuse_seats_in_use, Contract.objects.get(pk=self.instance.pk), seats)
        return seats


class ContractInline(admin.StackedInline):
    model = Contract
    form = ContractForm
    can_delete = False
    min_num = 1


class MemberFormSet(forms.BaseInlineFormSet):
    """Refuses a service that nobody can manage."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or self.instance.is_stopped:
            return
        if not (any(map(_makes_admin, self.forms)) or active_admins(self.instance.pk).exists()):
            raise forms.ValidationError(_("A service needs at least one active admin. Add one here."))


def _makes_admin(form: forms.ModelForm) -> bool:
    values = form.cleaned_data
    is_admin = values.get("role") == Agent.Role.ADMIN and values.get("is_active", False)
    return is_admin and "user" in values and values["user"].is_active


class MemberInline(admin.TabularInline):
    """Adds a service's first admin. The chat permission is granted on the agent's own page, which counts seats."""

    model = Agent
    formset = MemberFormSet
    fields = ("user", "role", "is_active")
    autocomplete_fields = ("user",)
    extra = 1
    can_delete = False
    show_change_link = True
    verbose_name_plural = _("Agents")

    def has_change_permission(self, request: HttpRequest, obj: Service | None = None) -> bool:
        return False  # changed on the agent's own page, which knows the consequences


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin):
    fields = ("name", "slug", "is_stopped")
    list_display = ("name", "slug", "is_stopped", "created_at")
    list_filter = ("is_stopped",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (ContractInline, MemberInline)

    def has_delete_permission(self, request: HttpRequest, obj: Service | None = None) -> bool:
        return False  # a service is stopped instead; its chats aren't deleted by a click

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        before = {row.pk: _settings(row) for row in formset.get_queryset()}
        super().save_formset(request, form, formset, change)
        for row in [*formset.new_objects, *(row for row, _names in formset.changed_objects)]:
            _record(row, before.get(row.pk, {}))
            if isinstance(row, Contract) and not row.chat:
                turn_everybody_offline(row)


class AgentForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        """Refuses a chat permission without Chat in the contract or without a free seat, as the desk does."""
        values = super().clean() or self.cleaned_data
        seated = Agent.objects.filter(is_active=True, chat_permission=True)
        had = self.instance.pk and seated.filter(pk=self.instance.pk).exists()
        service = values.get("service") or (self.instance.service if self.instance.pk else None)
        if service is None:
            return values
        contract = lock_contract(service.pk)
        if values.get("chat_permission") and values.get("is_active") and not had:
            _or_form_error(refuse_chat_permission, contract)
        if self.instance.pk and not (values.get("is_active") and values.get("role") == Agent.Role.ADMIN):
            field = "role" if values.get("is_active") else "is_active"
            _or_form_error(partial(refuse_losing_last_admin, field=field), self.instance)
        if not (values.get("chat_permission") and values.get("is_active")):
            values["chat_permission"] = False
            for name in ("unmask_permission", "export_permission"):
                values[name] = values.get(name, False) and values.get("is_active", False)
            self.instance.chat_status = Agent.ChatStatus.OFFLINE
        return values


@admin.register(Agent)
class AgentAdmin(admin.ModelAdmin):
    form = AgentForm
    fields = (
        "service", "user", "role", "is_active", "chat_permission", "chat_limit", "unmask_permission",
        "export_permission",
    )  # fmt: skip
    list_display = ("user", "service", "role", "is_active", "chat_permission", "chat_status")
    list_filter = ("service", "role", "is_active", "chat_permission", "chat_status")
    list_select_related = ("user", "service")
    search_fields = ("user__email", "user__name", "service__name")
    autocomplete_fields = ("service", "user")

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> tuple[str, ...]:
        return ("service", "user") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Agent | None = None) -> bool:
        return False  # deactivated instead: chats and tickets name the agent

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        before = _settings(Agent.objects.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)
        _record(obj, before)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Deleting an invitation revokes it. Its secret can't be read: only a hash is kept."""

    fields = (
        "service", "email", "role", "chat_permission", "invited_by", "mail", "created_at", "expires_at", "accepted_at",
    )  # fmt: skip
    list_display = ("email", "service", "role", "mail", "created_at", "expires_at", "accepted_at")
    list_filter = ("service", "role")
    list_select_related = ("service",)
    search_fields = ("email",)


@admin.register(AuditEntry)
class AuditEntryAdmin(LatestAdmin, ReadOnlyAdmin):
    list_display = ("created_at", "service", "actor", "action", "subject")
    list_filter = ("service", "created_at")
    list_select_related = ("service",)
    ordering = ("-id",)
    search_help_text = _("An object (chat:12), an action (chat.closed), or an agent’s name or e-mail address")

    def find(self, text: str) -> Q:
        """Objects and actions are looked for in each service: that is how the indexes have them."""
        if ":" in text or ("." in text and "@" not in text):
            services = list(Service.objects.values_list("pk", flat=True))
            return Q(("subject" if ":" in text else "action", text), service__in=services)
        return Q(agent__in=list(Agent.objects.filter(user__in=users_named(text)).values_list("pk", flat=True)))

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False


def _or_form_error(check: Any, *args: Any) -> None:
    try:
        check(*args)
    except DomainError as error:
        raise forms.ValidationError(str(error)) from None


def _settings(row: Contract | Agent) -> dict[str, Any]:
    names = contracts.FIELDS if isinstance(row, Contract) else (*AgentAdmin.fields[2:], "chat_status")
    return {name: getattr(row, name) for name in names}


def _record(row: Contract | Agent, before: dict[str, Any]) -> None:
    kind = "contract" if isinstance(row, Contract) else "agent"
    changed = {name: [before.get(name), new] for name, new in _settings(row).items() if before.get(name) != new}
    if changed:
        audit.record(row.service_id, f"{kind}.change", f"{kind}:{row.pk}", actor=OPERATOR, **changed)
