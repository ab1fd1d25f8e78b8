import django.core.validators
from django.db import migrations, models


def permit_who_could(apps, schema_editor):
    """Until now the chat permission was the one to unmask, too."""
    apps.get_model("agents", "Agent").objects.filter(chat_permission=True).update(unmask_permission=True)


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="unmask_permission",
            field=models.BooleanField(db_default=False, default=False, verbose_name="Unmask personal information"),
        ),
        migrations.RunPython(permit_who_could, migrations.RunPython.noop),
        migrations.AddField(
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
