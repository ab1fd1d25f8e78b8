"""The settings of files in chats: which, how large, how many, for how long."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


def flag(name: str, label: str, *, default: bool = True, **options) -> migrations.AddField:
    field = models.BooleanField(db_default=default, default=default, verbose_name=label, **options)
    return migrations.AddField(model_name="chatsettings", name=name, field=field)


def number(name: str, label: str, default: int, *validators, **options) -> migrations.AddField:
    options |= {"db_default": default, "default": default, "validators": validators, "verbose_name": label}
    return migrations.AddField(
        model_name="chatsettings", name=name, field=models.PositiveSmallIntegerField(**options)
    )


class Migration(migrations.Migration):
    dependencies = [("chat", "0033_chat_topic")]

    operations = [
        flag("files_on", "Files in chat", help_text="Customers and agents can send pictures and other files."),
        flag("file_pictures", "Pictures"),
        flag("file_documents", "Documents"),
        flag("file_audio", "Audio"),
        flag("file_video", "Video"),
        flag("file_archives", "Archives (ZIP, 7z)", default=False),
        number("file_size_mb", "Largest file (MB)", 10, MinValueValidator(1), MaxValueValidator(25)),
        number("file_count", "Files in one chat", 30, MinValueValidator(1), MaxValueValidator(200)),
        number(
            "files_kept_days",
            "Files are kept for (days)",
            365,
            MaxValueValidator(10_000),
            help_text="Counted from the end of the chat, then they are destroyed. 0 means they are kept.",
        ),
    ]
