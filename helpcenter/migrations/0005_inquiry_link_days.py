from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0004_policies_in_words")]

    operations = [
        migrations.AddField(
            model_name="helpcenter",
            name="inquiry_link_days",
            field=models.PositiveSmallIntegerField(db_default=30, default=30, verbose_name="Link to an inquiry (days)"),
        ),
    ]
