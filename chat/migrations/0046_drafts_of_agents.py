"""Whose drafts are. The reference locks the table of agents."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("chat", "0045_drafts_in_chats")]

    operations = [
        migrations.AddField(
            model_name="chatdraft",
            name="agent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agents.agent"
            ),
        ),
        migrations.AddConstraint(
            model_name="chatdraft",
            constraint=models.UniqueConstraint(fields=("chat", "agent", "internal"), name="chat_draft_once"),
        ),
    ]
