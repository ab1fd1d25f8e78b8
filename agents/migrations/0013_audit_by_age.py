"""The index by which the worker finds old entries of the trail, made beside the traffic."""

from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('agents', '0012_second_factor_of_services'),
    ]

    operations = [
        AddIndexBesideTraffic(
            model_name='auditentry',
            index=models.Index(fields=['created_at'], name='audit_by_age'),
        ),
    ]
