from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0048_categories")]

    operations = [
        migrations.AddField(
            model_name="chatsettings",
            name="category_required",
            field=models.BooleanField(
                db_default=False,
                default=False,
                verbose_name="Category required",
                help_text="Agents choose a category when they end a chat. A chat that ends in another way can be filed"
                " afterwards.",
            ),
        ),
    ]
