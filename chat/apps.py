from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat.conversation.message_masks import ChatKeys
        from chat.masking import holders

        holders.register(ChatKeys())
