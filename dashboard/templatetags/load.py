"""A quantity of the schedule, in a template: `{{ tier.needed_per_s|number }}`."""

from django import template

from core.load import shown

register = template.Library()
register.filter("number", shown)
