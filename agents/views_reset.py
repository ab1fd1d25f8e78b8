"""Resets a forgotten password: Django's views with our words, our links and our limits."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import throttle
from agents.forms import ResetForm
from agents.sign_in import count_reset
from contiple.base.errors import TooMany


class RequestReset(views.PasswordResetView):
    """Answers the same whether the person exists or not. The link has our own origin, never the request's host."""

    form_class = ResetForm
    template_name = "agents/reset.html"
    email_template_name = "agents/reset_mail.txt"
    subject_template_name = "agents/reset_mail_subject.txt"
    success_url = reverse_lazy("agents:reset_sent")

    def form_valid(self, form) -> HttpResponse:
        try:
            count_reset(self.request, form.cleaned_data["email"], now=timezone.now())
        except TooMany as error:
            form.add_error(None, error.text)
            return self.render_to_response(self.get_context_data(form=form), status=error.status)
        self.extra_email_context = {"origin": settings.PUBLIC_ORIGIN}
        return super().form_valid(form)


class ResetSent(views.PasswordResetDoneView):
    template_name = "agents/reset_sent.html"


class ConfirmReset(views.PasswordResetConfirmView):
    """Sets the new password, which ends the person's sessions and the wait after too many failures."""

    template_name = "agents/reset_confirm.html"
    success_url = reverse_lazy("agents:sign_in")

    def form_valid(self, form) -> HttpResponse:
        answer = super().form_valid(form)
        throttle.forget_all(throttle.SIGN_IN_BY_EMAIL, self.user.email.lower())
        messages.success(self.request, _("Your new password is set. Sign in with it."))
        return answer
