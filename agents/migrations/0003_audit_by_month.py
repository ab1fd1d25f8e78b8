from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    """While the system runs: nobody waits for the index."""

    atomic = False
    dependencies = [("agents", "0002_unmasking")]

    operations = [
        AddIndexBesideTraffic(
            "auditentry", models.Index(fields=["service", "action", "created_at"], name="audit_by_month")
        ),
    ]
