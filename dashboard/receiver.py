"""A receiver's page in the admin: why it is polled as it is, kept fresh; while it is open the receiver is watched."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from core import admin as records
from core import claims, explain, load
from core.models import Receiver

WATCHED_S = 20  # the page asks every 10 s: one request that is lost does not end it


class ReceiverForm(forms.ModelForm):
    """Adds that an own interval leaves the machine enough for all others."""

    def clean_interval_s(self) -> float | None:
        interval_s: float | None = self.cleaned_data["interval_s"]
        if interval_s is not None and "interval_s" in self.changed_data:
            sentence = load.refusal(interval_s, receivers=[self.instance.pk])
            if sentence:
                raise ValidationError(sentence)
        return interval_s


class ReceiverAdmin(records.ReceiverAdmin):
    """The records' page, with its explanation above the form."""

    form = ReceiverForm
    change_form_template = "dashboard/receiver_form.html"

    class Media:
        css = {"all": ("micboard/css/admin.css",)}

    def get_urls(self) -> list[URLPattern]:
        watch = path("<int:pk>/watch/", self.admin_site.admin_view(self.watch), name="core_receiver_watch")
        return [watch, *super().get_urls()]

    @method_decorator(require_POST)
    def watch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hold the receiver watched for a while, and return the explanation as it is now."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        claims.watch([pk], seconds=WATCHED_S)
        receiver = _explained().filter(pk=pk).first()
        if receiver is None:
            raise Http404("There is no such receiver any more.")
        return render(request, "dashboard/explanation.html", {"explanation": explain.explanation(receiver)})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        receiver = _explained().filter(pk=object_id).first() if object_id.isdecimal() else None
        told = {"explanation": receiver and explain.explanation(receiver)}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Receiver, form: Any, change: bool) -> None:  # noqa: FBT001  Django's signature
        claims.lock([obj.pk])
        super().save_model(request, obj, form, change)


def _explained() -> QuerySet[Receiver]:
    return Receiver.objects.select_related("server", "claim")
