"""The index of the new constraint is built beside the traffic. All of it can be done again after it was broken off."""

from django.db import migrations, models

CONSTRAINT = [
    "ALTER TABLE helpcenter_customer DROP CONSTRAINT IF EXISTS customer_of_member",
    "DROP INDEX CONCURRENTLY IF EXISTS customer_of_member",
    "CREATE UNIQUE INDEX CONCURRENTLY customer_of_member ON helpcenter_customer (service_id, member)",
    "ALTER TABLE helpcenter_customer ADD CONSTRAINT customer_of_member UNIQUE USING INDEX customer_of_member",
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("helpcenter", "0010_member_of_customer")]

    operations = [
        migrations.RunSQL(
            CONSTRAINT,
            "ALTER TABLE helpcenter_customer DROP CONSTRAINT customer_of_member",
            state_operations=[
                migrations.AddConstraint(
                    model_name="customer",
                    constraint=models.UniqueConstraint(fields=("service", "member"), name="customer_of_member"),
                )
            ],
        ),
    ]
