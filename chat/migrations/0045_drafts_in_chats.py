"""What agents are writing. The reference locks the table of chats; the next one that of agents."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0044_canned_responses_of_topics")]

    operations = [
        migrations.CreateModel(
            name="ChatDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.TextField()),
                ("internal", models.BooleanField(db_default=False, default=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "chat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to="chat.chat"
                    ),
                ),
            ],
        ),
    ]
