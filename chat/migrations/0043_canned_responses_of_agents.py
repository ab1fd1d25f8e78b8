"""Whose canned responses are, and who has uploaded their files. Their references lock the table of agents."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

KINDS = [("picture", "Picture"), ("document", "Document"), ("audio", "Audio"), ("video", "Video"), ("archive", "Archive")]


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("chat", "0042_canned_responses")]

    operations = [
        migrations.AddField(
            model_name="cannedresponse",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="canned_responses",
                to="agents.agent",
            ),
        ),
        migrations.CreateModel(
            name="CannedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(blank=True, choices=KINDS, max_length=8)),
                ("content_type", models.CharField(blank=True, max_length=100)),
                ("size", models.PositiveIntegerField(default=0)),
                ("width", models.PositiveIntegerField(default=0)),
                ("height", models.PositiveIntegerField(default=0)),
                ("has_thumbnail", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "response",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="files",
                        to="chat.cannedresponse",
                    ),
                ),
                (
                    "uploader",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("response",), name="canned_file_once")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("response", None)), fields=["created_at"], name="canned_file_nobodys"
                    )
                ],
            },
        ),
    ]
