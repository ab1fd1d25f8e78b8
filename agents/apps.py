from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = _("Agents")

    def ready(self) -> None:
        from agents import invitation_mail, reset_mail
        from agents.second_factor import trail

        for posts_mails in (invitation_mail, reset_mail, trail):
            posts_mails.register()
