"""Limits of the house, a location, a group or a receiver."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0007_acknowledgements_and_mutes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Limits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('battery_minutes_low', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 1440 minutes.'), django.core.validators.MaxValueValidator(1440, 'Choose 0 to 1440 minutes.')], verbose_name='low below (minutes)')),
                ('battery_minutes_critical', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 1440 minutes.'), django.core.validators.MaxValueValidator(1440, 'Choose 0 to 1440 minutes.')], verbose_name='critical below (minutes)')),
                ('battery_percent_low', models.SmallIntegerField(blank=True, help_text='For devices that tell no minutes.', null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 100 %%.'), django.core.validators.MaxValueValidator(100, 'Choose 0 to 100 %%.')], verbose_name='low below (%)')),
                ('battery_percent_critical', models.SmallIntegerField(blank=True, help_text='For devices that tell no minutes.', null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 100 %%.'), django.core.validators.MaxValueValidator(100, 'Choose 0 to 100 %%.')], verbose_name='critical below (%)')),
                ('battery_bars_low', models.SmallIntegerField(blank=True, help_text='For devices that tell neither minutes nor per cent.', null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 5 bars.'), django.core.validators.MaxValueValidator(5, 'Choose 0 to 5 bars.')], verbose_name='low below (bars)')),
                ('battery_bars_critical', models.SmallIntegerField(blank=True, help_text='For devices that tell neither minutes nor per cent.', null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 5 bars.'), django.core.validators.MaxValueValidator(5, 'Choose 0 to 5 bars.')], verbose_name='critical below (bars)')),
                ('rf_fair_dbm', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-120, 'Choose -120 to 0 dBm.'), django.core.validators.MaxValueValidator(0, 'Choose -120 to 0 dBm.')], verbose_name='weak below (dBm)')),
                ('rf_lost_dbm', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-120, 'Choose -120 to 0 dBm.'), django.core.validators.MaxValueValidator(0, 'Choose -120 to 0 dBm.')], verbose_name='lost at and below (dBm)')),
                ('rf_overload_dbm', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-120, 'Choose -120 to 0 dBm.'), django.core.validators.MaxValueValidator(0, 'Choose -120 to 0 dBm.')], verbose_name='overload above (dBm)')),
                ('clipping_dbfs', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-60, 'Choose -60 to 0 dBFS.'), django.core.validators.MaxValueValidator(0, 'Choose -60 to 0 dBFS.')], verbose_name='clipping from (dBFS)')),
                ('battery_minutes_fair', models.SmallIntegerField(blank=True, help_text='From there on it is good.', null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 1440 minutes.'), django.core.validators.MaxValueValidator(1440, 'Choose 0 to 1440 minutes.')], verbose_name='fair below (minutes)')),
                ('battery_minutes_margin', models.SmallIntegerField(blank=True, help_text='How far above a limit a battery is better again.', null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 1440 minutes.'), django.core.validators.MaxValueValidator(1440, 'Choose 0 to 1440 minutes.')], verbose_name='margin (minutes)')),
                ('battery_percent_fair', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 100 %%.'), django.core.validators.MaxValueValidator(100, 'Choose 0 to 100 %%.')], verbose_name='fair below (%)')),
                ('battery_percent_margin', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 100 %%.'), django.core.validators.MaxValueValidator(100, 'Choose 0 to 100 %%.')], verbose_name='margin (%)')),
                ('battery_bars_fair', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 5 bars.'), django.core.validators.MaxValueValidator(5, 'Choose 0 to 5 bars.')], verbose_name='fair below (bars)')),
                ('battery_bars_margin', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 5 bars.'), django.core.validators.MaxValueValidator(5, 'Choose 0 to 5 bars.')], verbose_name='margin (bars)')),
                ('rf_good_dbm', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-120, 'Choose -120 to 0 dBm.'), django.core.validators.MaxValueValidator(0, 'Choose -120 to 0 dBm.')], verbose_name='good from (dBm)')),
                ('rf_excellent_dbm', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-120, 'Choose -120 to 0 dBm.'), django.core.validators.MaxValueValidator(0, 'Choose -120 to 0 dBm.')], verbose_name='excellent from (dBm)')),
                ('rf_margin_db', models.SmallIntegerField(blank=True, help_text='How far above a limit a signal is better again.', null=True, validators=[django.core.validators.MinValueValidator(0, 'Choose 0 to 30 dB.'), django.core.validators.MaxValueValidator(30, 'Choose 0 to 30 dB.')], verbose_name='margin (dB)')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='limits', to='core.group')),
                ('location', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='limits', to='core.location')),
                ('receiver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='limits', to='core.receiver')),
            ],
            options={
                'verbose_name_plural': 'limits',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('location__isnull', True), ('group__isnull', True), _connector='OR'), models.Q(('location__isnull', True), ('receiver__isnull', True), _connector='OR'), models.Q(('group__isnull', True), ('receiver__isnull', True), _connector='OR')), name='limits_of_one_place_or_of_the_house'), models.UniqueConstraint(fields=('location', 'group', 'receiver'), name='limits_once_a_place', nulls_distinct=False, violation_error_message='There are limits for that already: change those.')],
            },
        ),
    ]
