"""Pure decisions on frozen values: no Django, no Celery, no network, no clock.

`reading` is what a poll learnt, `state` what is recorded, `changes` the difference, `states`, `alerts`
and `tiers` what follows from it.
"""
