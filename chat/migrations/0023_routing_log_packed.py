"""The standings in a round of the routing log, small. The release before goes on with ``seats``."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0022_known_customers'),
    ]

    operations = [
        migrations.AddField(
            model_name='routinground',
            name='others',
            field=models.BinaryField(null=True),
        ),
    ]
