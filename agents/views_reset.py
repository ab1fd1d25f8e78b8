"""Resets a forgotten password: Django's views with our words, our links and our limits."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.generic.edit import FormView

from agents import account_trail
from agents.devices import remember_device
from agents.forms import NewPasswordForm, ResetForm
from agents.models_accounts import AccountEntry
from agents.outbox.server import has_mail_server
from agents.reset_mail import post_reset
from agents.sessions import end_all_sessions
from agents.sign_in import count_reset, forget_failures
from contiple.base.errors import TooMany


class RequestReset(FormView):
    """Answers the same in the same time, whether the person exists or not: who that is, is looked up afterwards."""

    form_class = ResetForm
    template_name = "agents/reset.html"
    success_url = reverse_lazy("agents:reset_sent")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(has_mail_server=has_mail_server(), **context)

    def form_valid(self, form: ResetForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        try:
            may_be_sent = count_reset(self.request, email, now=timezone.now())
        except TooMany as error:
            form.add_error(None, error.text)
            return self.render_to_response(self.get_context_data(form=form), status=error.status)
        if may_be_sent and has_mail_server():
            post_reset(email)
        return super().form_valid(form)


class ResetSent(views.PasswordResetDoneView):
    template_name = "agents/reset_sent.html"


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class ConfirmReset(views.PasswordResetConfirmView):
    """Sets the new password, which ends the person's sessions and the wait after too many failures.

    Whoever got here has read the mail: that proves the address, and makes this a device of the person's.
    """

    form_class = NewPasswordForm
    template_name = "agents/reset_confirm.html"
    success_url = reverse_lazy("agents:sign_in")

    def form_valid(self, form) -> HttpResponse:
        answer = super().form_valid(form)
        self.user.email_proved_at = timezone.now()
        self.user.save(update_fields=["email_proved_at"])
        end_all_sessions(self.user)
        forget_failures(self.user)
        remember_device(self.request, self.user)
        account_trail.record(self.request, self.user, AccountEntry.Action.PASSWORD_RESET)
        messages.success(self.request, _("Your new password is set. Sign in with it."))
        return answer
