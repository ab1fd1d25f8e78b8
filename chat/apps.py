from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Chat")

    def ready(self) -> None:
        from chat.conversation import transcript_mail
        from chat.conversation.message_masks import ChatKeys
        from chat.files import checks, removing  # noqa: F401 - registers its checks
        from chat.filing import tagging
        from chat.lifecycle import customer_mails
        from chat.masking import holders, limit_notice
        from chat.people import notes

        limit_notice.register()
        transcript_mail.register()
        customer_mails.register()
        holders.register(ChatKeys())
        removing.register()
        tagging.register()
        notes.register()
