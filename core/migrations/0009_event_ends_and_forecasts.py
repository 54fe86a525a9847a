"""When events end, and what is remembered of batteries to tell how long they last."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0008_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='channelrecord',
            name='drain',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='location',
            name='event_ends_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='event ends'),
        ),
    ]
