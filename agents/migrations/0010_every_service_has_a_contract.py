"""Services that were saved without a contract, which no page of theirs could be opened without, get the default one."""

from django.db import migrations


def add_contracts(apps, schema_editor):
    contracts = apps.get_model("agents", "Contract")
    services = apps.get_model("agents", "Service").objects.filter(contract=None)
    contracts.objects.bulk_create([contracts(service=service) for service in services], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("agents", "0009_canonical_addresses")]
    operations = [migrations.RunPython(add_contracts, migrations.RunPython.noop)]
