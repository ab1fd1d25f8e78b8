from django.db import migrations, models


class Migration(migrations.Migration):
    """Help centers that are there are past it; those that come, also by the release before, begin with it."""

    dependencies = [("helpcenter", "0019_customers_by_contact")]

    operations = [
        migrations.AddField(
            model_name="helpcenter",
            name="getting_started",
            field=models.BooleanField(default=False, db_default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="helpcenter",
            name="getting_started",
            field=models.BooleanField(default=True, db_default=True, editable=False),
        ),
    ]
