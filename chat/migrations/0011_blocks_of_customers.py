import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0010_blocks"), ("helpcenter", "0003_chat_settings_leave")]

    operations = [
        migrations.AddField(
            model_name="block",
            name="customer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="blocks",
                to="helpcenter.customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer", None), models.Q(("network", ""), _negated=True)),
                    models.Q(("customer__isnull", False), ("network", "")),
                    _connector="OR",
                ),
                name="block_of_one",
            ),
        ),
    ]
