import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_audit_by_month")]

    operations = [
        migrations.AlterField(
            model_name="contract",
            name="originals_kept_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Counted from the end of a chat; in ticket comments, from the last mask. After that, originals are destroyed for good and the asterisks stay. Leave empty to keep originals until they are destroyed by hand.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="Keep originals for (days)",
            ),
        ),
    ]
