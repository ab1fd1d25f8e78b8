"""Indexes of a service's open chats, and of an agent's chats by time."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # beside the traffic

    dependencies = [("chat", "0010_blocks")]

    operations = [
        AddIndexConcurrently(
            model_name="chat",
            index=models.Index(
                fields=["service", "state"],
                condition=models.Q(("state", "closed"), _negated=True),
                name="chat_open_of_service",
            ),
        ),
        AddIndexConcurrently(
            model_name="chat", index=models.Index(fields=["agent", "-created_at"], name="chat_by_agent")
        ),
    ]
