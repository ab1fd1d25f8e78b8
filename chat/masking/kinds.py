"""The names of the kinds of personal data on a page: those that detectors find, and those masked in other ways."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Promise] = {
    "card": _("Card number"),
    "card_code": _("Card security code"),
    "rrn": _("Resident registration number"),
    "frn": _("Foreigner registration number"),
    "passport": _("Passport number"),
    "driver_license": _("Driver’s licence number"),
    "brn": _("Business registration number"),
    "phone": _("Phone number"),
    "email": _("E-mail address"),
    "bank_account": _("Bank account number"),
    "iban": _("IBAN"),
    "us_ssn": _("US social security number"),
    "ip": _("IP address"),
    "secret": _("Password or API key"),
    "custom": _("The service’s own word or pattern"),
    "manual": _("Masked by hand"),
}
