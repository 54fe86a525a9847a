"""The published documents in a template: prose as `{{ text|prose }}`, JSON in its colours as `{{ text|json }}`."""

import re
from collections.abc import Iterable

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from dashboard.reference import Field

register = template.Library()

_CODE = re.compile(r"`([^`]+)`")
# Escaped already, so a quote is &quot;.
_PART = re.compile(
    r"(?P<key>&quot;\w+&quot;)(?=: )|(?P<string>&quot;.*?&quot;)|(?P<word>\b(?:true|false|null)\b|-?\b\d[\d.]*)"
)


@register.filter
def prose(text: str) -> SafeString:
    """Return a text in which what stands in backquotes is code."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", conditional_escape(text)))  # noqa: S308  escaped first


@register.filter
def measured(fields: Iterable[Field]) -> bool:
    """Say whether any of these fields has a unit."""
    return any(field.unit for field in fields)


@register.filter
def json(text: str) -> SafeString:
    """Return JSON with its keys, texts and other values marked."""
    marked = _PART.sub(
        lambda part: f'<span class="{part.lastgroup}">{part[0]}</span>', conditional_escape(text)
    )
    return mark_safe(marked)  # noqa: S308  escaped first
