from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """While the system runs: nobody waits for the index."""

    atomic = False
    dependencies = [("agents", "0002_unmasking")]

    operations = [
        AddIndexConcurrently(
            "auditentry", models.Index(fields=["service", "action", "created_at"], name="audit_by_month")
        ),
    ]
