"""Servers in the admin: what the records' own page cannot do is to ask them before they are kept."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest

from core import admin as records
from core.keys import read_key
from core.models import Server
from pollers import demo, inventory
from pollers.registration import address, at_address, fingerprint, require_another, shown_fingerprint, spaced

ASKED_WITH = ("url", "key_reference", "ca_file", "pins")


class FingerprintField(forms.CharField):
    """A SHA-256 fingerprint in any of the ways in which programs print one."""

    default_validators = [RegexValidator(r"^[0-9a-f]{64}$", "A fingerprint has 64 hexadecimal digits.")]

    def to_python(self, value: Any) -> str:
        return fingerprint(str(super().to_python(value)))


class ServerForm(forms.ModelForm):
    """Asks the server whenever something is changed that it is asked with."""

    pins = SimpleArrayField(
        FingerprintField(),
        label="Certificate fingerprints",
        required=False,
        max_length=2,
        help_text="SHA-256 of the server's certificate; two, separated by a comma, while it is being replaced. "
        "Leave it and the CA file empty, and the fingerprint that the server shows is shown to you first.",
    )

    class Meta:
        model = Server
        fields = ("name", "url", "key_reference", "ca_file", "pins", "location", "enabled")

    def clean_url(self) -> str:
        url = address(str(self.cleaned_data["url"]).strip().rstrip("/"))
        there = at_address(url)
        if there is not None and there.pk != self.instance.pk:
            raise ValidationError(f"The server {there.name} is at this address already.")
        return url

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if not self.errors and set(ASKED_WITH) & set(self.changed_data):
            asked_with = {name: told[name] for name in ASKED_WITH}
            self._ask(Server(pk=self.instance.pk, name=told["name"], **asked_with))
        return told

    def _ask(self, server: Server) -> None:
        try:
            read_key(server.key_reference)
            if server.ca_file or server.pins:
                require_another(server, inventory.ask(server))
                return
            shown = shown_fingerprint(server.url)
        except inventory.CANNOT_ASK as error:
            raise ValidationError(inventory.sentence(error)) from error
        raise ValidationError(
            {
                "pins": f"The server shows the certificate {spaced(shown)} and was not sent the key yet. Compare "
                "it with the one on the server itself; if it is the same, enter it here."
            }
        )


admin.site.unregister(Server)


@admin.register(Server)
class ServerAdmin(records.ServerAdmin):
    """The records' page, with a form that asks. Beat asks a new server for its devices within a second."""

    form = ServerForm

    def save_model(self, request: HttpRequest, obj: Server, form: Any, change: bool) -> None:  # noqa: FBT001  Django's signature
        super().save_model(request, obj, form, change)
        if not change:
            demo.sleep()
