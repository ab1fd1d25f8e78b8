import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0019_export_permission'),
    ]

    operations = [
        migrations.AddField(
            model_name='contract',
            name='customer_information',
            field=models.BooleanField(db_default=False, default=False, help_text='Agents see all customers in a list, search it, and correct names and e-mail addresses.', verbose_name='Customer Information Management'),
        ),
        migrations.AlterField(
            model_name='contract',
            name='originals_kept_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Counted from the end of a chat; in ticket comments, from the last mask. After that, originals are destroyed for good and the asterisks stay. Notes on customers who were not in touch for as long are deleted. Leave empty to keep originals until they are destroyed by hand.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='Keep originals for (days)'),
        ),
    ]
