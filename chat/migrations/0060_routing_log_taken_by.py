"""Who took a chat by hand, in the routing log. Without a constraint: one table's lock."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0020_contract_customer_information"),
        ("chat", "0059_canned_response_starter"),
    ]

    operations = [
        migrations.AddField(
            model_name="routingdecision",
            name="taken_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="agents.agent",
            ),
        ),
    ]
