import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q

KINDS = [("picture", "Picture"), ("document", "Document"), ("audio", "Audio"), ("video", "Video"), ("archive", "Archive")]
STATES = [("arriving", "Arriving"), ("ready", "Ready"), ("removed", "Removed")]


class Migration(migrations.Migration):
    dependencies = [("chat", "0035_message_file")]

    operations = [
        migrations.CreateModel(
            name="ChatFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=32, unique=True)),
                ("client_id", models.UUIDField()),
                ("kind", models.CharField(blank=True, choices=KINDS, max_length=8)),
                ("content_type", models.CharField(blank=True, max_length=100)),
                ("size", models.PositiveIntegerField(default=0)),
                ("width", models.PositiveIntegerField(default=0)),
                ("height", models.PositiveIntegerField(default=0)),
                ("has_thumbnail", models.BooleanField(default=False)),
                ("state", models.CharField(choices=STATES, default="arriving", max_length=8)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "chat",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="files",
                        to="chat.chat",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=Q(state="arriving"), fields=["created_at"], name="file_arriving"),
                    models.Index(
                        condition=Q(destroyed_at=None, state="removed"), fields=["id"], name="file_to_destroy"
                    ),
                    models.Index(condition=Q(chat=None), fields=["id"], name="file_without_chat"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("state", "arriving"), _negated=True),
                        fields=("chat", "client_id"),
                        name="file_sent_once",
                    )
                ],
            },
        ),
    ]
