from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0005_inquiry_link_days")]

    operations = [
        migrations.AddField(
            model_name="helpcentertext",
            name="signature",
            field=models.TextField(blank=True, db_default="", default="", max_length=500, verbose_name="Signature"),
        ),
    ]
