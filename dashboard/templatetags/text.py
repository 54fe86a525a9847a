"""Text that somebody typed, in a template: `{{ group.title|shown }}`."""

from django import template

from dashboard.shown import shown

register = template.Library()
register.filter(shown)
