"""The steps of *Getting started*, in an order that is possible: what each says, and where its button leads."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Step:
    """One thing to do: ``text`` says why or how, ``button`` leads to ``page`` (an address's name) and ``place`` on it.

    ``needs`` are the steps before which it can't be done. ``opens`` is ``tab`` or ``widget`` where the button opens
    that.
    """

    name: str
    title: Promise
    text: str | Promise
    button: str | Promise
    page: str
    place: str = ""
    needs: tuple[str, ...] = ()
    is_optional: bool = False
    opens: str = ""


STEPS = (
    Step(
        "contract",
        _("Turn on Chat in Contract Details"),
        _("Chat is an option of your contract. Everything below builds on it."),
        _("Contract Details"),
        "agents:contract",
    ),
    Step(
        "help_center",
        _("Name your help center"),
        _("Customers read its title, greeting and absent message. A template fills in both languages."),
        _("Start from a template"),
        "helpcenter:settings",
        "?template=words#texts-1",
    ),
    Step(
        "policy",
        _("Publish a privacy policy"),
        _("Customers agree to it before each chat. Start from a template and replace what is in [brackets]."),
        _("Start from a template"),
        "helpcenter:settings",
        "?template=policy#privacy",
    ),
    Step(
        "chat",
        _("Enable Chat on the help center"),
        _("Customers then see the chat icon. While no agent is Online, they read your absent message."),
        _("Default Setting"),
        "helpcenter:settings",
        "#chat",
        needs=("contract", "policy"),
    ),
    Step(
        "agents",
        _("Give agents the chat permission"),
        _("Invite your colleagues, and grant the permission to everyone who answers chats. You can be one of them."),
        _("Agents"),
        "agents:agents",
        needs=("contract",),
    ),
    Step(
        "hours",
        _("Set operating hours"),
        _("Without them, customers can start a chat whenever an agent is Online, day or night."),
        _("Operating hours"),
        "chat:operating_hours",
        is_optional=True,
    ),
    Step(
        "articles",
        _("Publish your first articles"),
        _("Templates answer what customers ask most. Add your details, then publish them."),
        _("Start from templates"),
        "helpcenter:article_starters",
    ),
    Step(
        "canned",
        _("Add canned responses"),
        _("Ten templates for what agents write again and again. In a chat, they type / to find them."),
        _("Start from templates"),
        "chat:canned_starters",
    ),
    Step(
        "mail",
        _("Receive inquiries by e-mail"),
        _("Your operator sets up the address. Without it, customers reach you by chat and Contact Us only."),
        _("Incoming e-mail"),
        "tickets:mail",
        is_optional=True,
    ),
    Step(
        "embed",
        _("Show the chat on your own site"),
        _("Name your site, then paste one line into its pages. Without it, customers chat on the help center only."),
        _("Chat Widget"),
        "helpcenter:settings",
        "#chat-widget",
        needs=("contract",),
        is_optional=True,
    ),
    Step(
        "online",
        _("Go Online"),
        _("Open the Chat Widget at the bottom right and choose Online at its top left."),
        _("Open Chat Widget"),
        "first_day:start",
        needs=("chat", "agents"),
        opens="widget",
    ),
    Step(
        "test",
        _("Try a chat yourself"),
        _("Write as a customer in the new tab, answer here in the Chat Widget, then end the chat."),
        _("Start a test chat"),
        "helpcenter:home",
        "#chat",
        needs=("contract", "policy", "chat", "agents", "online"),
        opens="tab",
    ),
)
