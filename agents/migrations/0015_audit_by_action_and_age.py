"""The index by which the worker finds old entries of each action in the trail, made beside the traffic."""

from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('agents', '0014_outbox'),
    ]

    operations = [
        AddIndexBesideTraffic(
            model_name='auditentry',
            index=models.Index(fields=["action", "created_at"], name="audit_by_action_and_age"),
        ),
    ]
