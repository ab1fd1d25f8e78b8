"""Mails with what a customer had not read."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0024_mail_wait")]

    operations = [
        migrations.CreateModel(
            name="ChatMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("after", models.PositiveIntegerField()),
                ("up_to", models.PositiveIntegerField()),
                ("message_id", models.CharField(max_length=255, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "chat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mails", to="chat.chat"
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=["chat", "after"], name="chat_mail_once")]},
        ),
    ]
