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
                help_text="Masked text can be unmasked for this long after a chat ends (in ticket comments: after the last mask). Then the originals are destroyed for good and the asterisks stay. Empty: until somebody destroys them.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="Keep originals for (days)",
            ),
        ),
    ]
