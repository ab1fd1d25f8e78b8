import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0013_member_sessions")]

    operations = [
        migrations.AddField(
            model_name="membersession",
            name="customer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="member_sessions",
                to="helpcenter.customer",
            ),
        ),
    ]
