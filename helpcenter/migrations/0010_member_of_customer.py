from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0009_token_ends")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="member",
            field=models.CharField(blank=True, editable=False, max_length=64, null=True, verbose_name="Member"),
        ),
    ]
