"""Canned responses of queues. The reference locks the table of queues."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("chat", "0043_canned_responses_of_agents")]

    operations = [
        migrations.AddField(
            model_name="cannedresponse",
            name="topic",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="canned_responses",
                to="chat.topic",
            ),
        ),
        migrations.AddConstraint(
            model_name="cannedresponse",
            constraint=models.UniqueConstraint(
                models.F("service"),
                django.db.models.functions.text.Lower("name"),
                condition=Q(("owner", None)),
                name="canned_response_shared_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="cannedresponse",
            constraint=models.UniqueConstraint(
                models.F("owner"),
                django.db.models.functions.text.Lower("name"),
                condition=Q(("owner__isnull", False)),
                name="canned_response_own_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="cannedresponse",
            constraint=models.CheckConstraint(
                condition=Q(("owner", None), ("topic", None), _connector="OR"),
                name="canned_response_own_or_of_topic",
            ),
        ),
    ]
