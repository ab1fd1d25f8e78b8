import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0026_chats_to_be_written_down")]

    operations = [
        migrations.CreateModel(
            name="CommentDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("internal", "Internal comment"), ("reply", "Reply"), ("customer", "Customer")],
                        max_length=8,
                    ),
                ),
                ("body", models.TextField(max_length=8000)),
                ("cc", models.TextField(blank=True)),
                ("state", models.CharField(blank=True, max_length=12)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to="tickets.ticket"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["updated_at"], name="commentdraft_old")]},
        ),
    ]
