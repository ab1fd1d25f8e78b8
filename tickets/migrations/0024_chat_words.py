import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("tickets", "0023_ticket_merged")]

    operations = [
        migrations.CreateModel(
            name="ChatWords",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        primary_key=True,
                        related_name="chat_words",
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField(null=True)),
                ("rev", models.PositiveIntegerField(default=0)),
                ("is_settled", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["words"], name="chatwords_words"),
                    models.Index(
                        condition=models.Q(("is_settled", False)), fields=["ticket"], name="chatwords_due"
                    ),
                ],
            },
        ),
    ]
