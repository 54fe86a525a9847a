"""Tokens in the admin: made, shown once, revoked. What a token opens never changes: another one is made instead."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, CharField, QuerySet, Value, When
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from core import clock
from core.access import digest_of, new_secret
from core.domain.scopes import parse_all
from core.edits import note
from core.models import Token

EVERYTHING = "everything"


class TokenForm(forms.ModelForm):
    """What is said of a new token."""

    scopes = forms.CharField(
        label="May see",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="One a line: location:main-a, group:stage-left or device:SHURE001. Empty: everything.",
    )

    class Meta:
        model = Token
        fields = ("name", "scopes", "expires_at")
        help_texts = {"expires_at": "In UTC. Empty: it opens the feed until it is revoked."}

    def clean_scopes(self) -> list[str]:
        lines = (line.strip() for line in str(self.cleaned_data["scopes"]).splitlines())
        try:
            return [str(scope) for scope in parse_all(line for line in lines if line)]
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= clock.now():
            raise ValidationError("That is past. Choose a time to come, or none.")
        return expires_at


class TokenAdmin(admin.ModelAdmin):
    """`manage.py create_token` makes them as well."""

    form = TokenForm
    list_display = ("name", "may_see", "standing", "created_by", "created_at", "expires_at", "last_used_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    list_select_related = ("created_by",)
    search_fields = ("name", "scopes")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        tokens: QuerySet[Token] = super().get_queryset(request)
        return tokens.annotate(
            standing=Case(
                When(revoked_at__isnull=False, then=Value("revoked")),
                When(expires_at__lte=Now(), then=Value("past its end")),
                default=Value("good"),
                output_field=CharField(),
            )
        )

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        del request
        if obj is None:
            return ("name", "scopes", "expires_at")
        return (
            *("name", "may_see", "standing", "created_by"),
            *("created_at", "expires_at", "last_used_at", "revoked_at"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)[1:]

    @admin.display(ordering="scopes")
    def may_see(self, token: Token) -> str:
        return ", ".join(token.scopes) or EVERYTHING

    @admin.display(ordering="standing")
    def standing(self, token: Token) -> str:
        return str(token.standing)  # type: ignore[attr-defined]  # annotated above

    # Made and shown

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:  # noqa: FBT001  Django's signature
        if not change:
            obj.secret = new_secret()
            obj.digest = digest_of(obj.secret)
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Token, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret in this answer: a message for the next page would put it into a cookie."""
        del post_url_continue
        return TemplateResponse(
            request,
            "core/token_made.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Token “{obj}”",
                "opts": self.opts,
                "token": obj,
                "may_see": self.may_see(obj),
            },
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    # Revoked and deleted

    @admin.action(description="Revoke the selected tokens…", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Token]) -> HttpResponse | None:
        """List those that would be revoked and ask, then revoke them."""
        tokens = list(chosen.filter(revoked_at=None))
        if not tokens:
            self.message_user(request, "These are revoked already.", messages.WARNING)
            return None
        if "confirmed" in request.POST:
            with transaction.atomic():
                Token.objects.filter(pk__in=[token.pk for token in tokens], revoked_at=None).update(
                    revoked_at=Now()
                )
                note(request.user, tokens, "Revoked.")
            count = "1 token opens" if len(tokens) == 1 else f"{len(tokens)} tokens open"
            self.message_user(
                request, f"{count} nothing any more; sockets close within seconds.", messages.SUCCESS
            )
            return None
        return TemplateResponse(
            request,
            "core/revoke_tokens.html",
            {
                **self.admin_site.each_context(request),
                "title": "Revoke tokens",
                "opts": self.opts,
                "tokens": [(token, self.may_see(token)) for token in tokens],
                "name": ACTION_CHECKBOX_NAME,
            },
        )

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        """Only what is revoked: the log then says who ended it, and when."""
        may: bool = super().has_delete_permission(request, obj)
        return may and (obj is None or obj.revoked_at is not None)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        shown, counts, refused, protected = super().get_deleted_objects(objs, request)
        kept = [f"{token}: revoke it first." for token in objs if token.revoked_at is None]
        return shown, counts, set() if kept else refused, [*protected, *kept]
