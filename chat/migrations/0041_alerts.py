import django.db.models.deletion
import django.utils.timezone
from django.core.validators import MaxValueValidator
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
KINDS = [("missed", "Missed"), ("taken", "Taken Over"), ("gone", "Gone"), ("ended", "Ended")]


def switch(label: str) -> models.BooleanField:
    return models.BooleanField(db_default=True, default=True, verbose_name=label)


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("chat", "0040_answer_target")]

    operations = [
        migrations.CreateModel(
            name="AlertSettings",
            fields=[
                ("id", ID),
                ("ring_sound", switch("Sound for a new chat")),
                ("message_sound", switch("Sound for a message")),
                (
                    "volume",
                    models.PositiveSmallIntegerField(
                        db_default=60, default=60, validators=[MaxValueValidator(100)], verbose_name="Volume"
                    ),
                ),
                ("notifications", switch("Browser notifications")),
                (
                    "agent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alert_settings", to="agents.agent"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeskNotice",
            fields=[
                ("id", ID.clone()),
                ("kind", models.CharField(choices=KINDS, max_length=8)),
                ("by", models.CharField(blank=True, max_length=80)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="desk_notices",
                        to="agents.agent",
                    ),
                ),
                (
                    "chat",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chat.chat",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("agent", "chat"), name="desk_notice_once")],
            },
        ),
    ]
