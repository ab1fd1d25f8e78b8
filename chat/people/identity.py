"""How far it is known who a customer is, in words."""

from django.utils.translation import gettext as _

from helpcenter.models import Customer


def proof_text(customer: Customer) -> str:
    return _("Verified: signed in on your site") if customer.member else _("Not verified: as the customer says")
