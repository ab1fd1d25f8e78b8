"""The services' own mail addresses."""

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contiple.base.email_addresses import EmailAddressField


class ServiceMailbox(models.Model):
    """The address at which a service gets mail, allotted by the operator. What is sent there becomes tickets."""

    service = models.OneToOneField("agents.Service", models.CASCADE, related_name="mailbox", verbose_name=_("Service"))
    address = EmailAddressField(
        _("E-mail"), unique=True, error_messages={"unique": _("This e-mail address is already in use.")}
    )
    # When a mail for the address last came in: so an admin sees whether the mail server passes it on.
    last_mail_at = models.DateTimeField(_("Last e-mail"), null=True, editable=False)
    created_at = models.DateTimeField(_("Since"), default=timezone.now, editable=False)

    class Meta:
        app_label = "agents"
        verbose_name = _("Mailbox")
        verbose_name_plural = _("Mailboxes")

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        """Refuses an address with which a person signs in: mails to that person would become tickets."""
        if get_user_model().objects.filter(email=self.address).exists():
            raise ValidationError({"address": _("Somebody signs in with this e-mail address.")})
