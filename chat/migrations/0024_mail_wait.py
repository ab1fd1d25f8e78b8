"""Chats in which an agent has written something that the customer may not have read."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0023_routing_log_packed")]

    operations = [
        migrations.CreateModel(
            name="MailWait",
            fields=[
                (
                    "chat",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mail_wait",
                        serialize=False,
                        to="chat.chat",
                    ),
                ),
                ("due_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
