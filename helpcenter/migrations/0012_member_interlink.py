from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0011_customer_of_member")]

    operations = [
        migrations.AddField(
            model_name="helpcenter",
            name="member_interlink",
            field=models.BooleanField(db_default=False, default=False, verbose_name="Member Interlink"),
        ),
    ]
