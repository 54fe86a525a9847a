"""The alerts page, and what is done there: taking alerts over, muting parts of the house, ending that.

Everything works by forms that lead back to the page; its script sends the same forms, and shows the same page.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import alerting, clock, edits
from core.access import Principal, may_act, principal_of
from core.domain.state import AlertState, instant
from core.models import Alert, Channel, Group, Location, Mute, Receiver, Server
from core.models.alerts import LONGEST_REASON
from dashboard.alerts import Owner, key_of, lasting, muted, sections
from dashboard.shown import shown
from dashboard.wall import Wish

RECENTLY = timedelta(hours=24)
MOST_RESOLVED = 100
FURTHEST_BEHIND_UTC_MIN = 14 * 60

LASTING = (("15", "15 minutes"), ("60", "1 hour"), ("240", "4 hours"), ("until", "until …"))


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    alerts = [
        *Alert.objects.exclude(state=AlertState.RESOLVED),
        *Alert.objects.filter(resolved_at__gt=now - RECENTLY).order_by("-resolved_at")[:MOST_RESOLVED],
    ]
    in_force = alerting.muted_now()
    groups = list(Group.objects.all())
    found = sections(alerts, _owners(alerts), now)
    return render(
        request,
        "dashboard/alerts.html",
        {
            "page": "alerts",
            "wish": Wish.from_query(request.GET),
            "now": now,
            "clock": now,
            "groups": groups,
            "locations": list(Location.objects.all()),
            "receivers": list(Receiver.objects.filter(enabled=True).only("code", "name")),
            "sections": found,
            "counts": {section.name: section.count for section in found},
            "open_alerts": found[0].count,
            "mutes": in_force,
            "muted": muted(in_force, now),
            "may_act": may_act(request.user),
            "wanted": _wanted(request.GET.get("mute", "")),
            "lasting": LASTING,
            "longest_reason": LONGEST_REASON,
        },
    )


def _owners(alerts: list[Alert]) -> Mapping[str, Owner]:
    """Return what the rows are about, by their keys, in two statements."""
    receivers = Receiver.objects.select_related("location", "server__location").in_bulk(
        {alert.receiver_id for alert in alerts if alert.receiver_id is not None}
    )
    servers = Server.objects.select_related("location").in_bulk(
        {alert.server_id for alert in alerts if alert.server_id is not None}
    )
    owners = {}
    for alert in alerts:
        receiver = receivers.get(alert.receiver_id or 0)
        server = servers.get(alert.server_id or 0)
        place = (server and server.location) or (receiver and (receiver.location or receiver.server.location))
        gone = str(alert.target.get("receiver_id") or alert.target.get("server") or "gone")
        owners[key_of(alert)] = Owner(
            key=key_of(alert),
            code=(receiver and receiver.code) or (server and server.name) or gone,
            name="server" if alert.receiver_id is None else shown(receiver.name if receiver else ""),
            is_server=alert.receiver_id is None,
            is_receiver=receiver is not None,
            location=shown(place.title) if place else "",
            location_slug=place.slug if place else "",
        )
    return owners


def _wanted(part: str) -> tuple[str, str] | None:
    """Return a channel that the address asks to mute, for the form; None where there is none of that name."""
    kind, _, name = part.partition(":")
    channel = Channel.objects.filter(device_id=name).first() if kind == "channel" else None
    return (
        (f"channel:{channel.device_id}", f"{channel.device_id} {shown(channel.alias)}") if channel else None
    )


@never_cache
@require_safe
def mutes(_request: HttpRequest) -> JsonResponse:
    """Say how many mutes are in force and until when, for the wall."""
    now = clock.now()
    note = muted(alerting.muted_now(), now)
    return JsonResponse({"number": note.number, "until": instant(note.until)} if note else {"number": 0})


Act = Callable[[HttpRequest, Principal], None]


def acting(act: Act) -> Callable[[HttpRequest], HttpResponse]:
    """Let those do it who may, have the page say what was wrong with it, and lead back there.

    Whoever has not signed in is refused, and not sent to the sign-in: what they meant to do would be lost there.
    """

    @login_not_required
    @require_POST
    @wraps(act)
    def view(request: HttpRequest) -> HttpResponse:
        who = principal_of(request.user)
        if who is None or not may_act(request.user):
            raise PermissionDenied
        try:
            with transaction.atomic():
                act(request, who)
        except ValueError as error:
            messages.error(request, str(error))
        theme = request.POST.get("theme")
        return HttpResponseRedirect(reverse("alerts") + ("?theme=light" if theme == "light" else ""))

    return view


@acting
def take_over(request: HttpRequest, who: Principal) -> None:
    reason = request.POST.get("reason", "")
    mine = [
        alert_id
        for alert_id in sorted(_numbers(request.POST, "alert"))
        if alerting.acknowledge(alert_id, by=who, reason=reason)
    ]
    if not mine:
        raise ValueError("It is over, or somebody else has it already.")
    sentence = f"Acknowledged: {reason.strip()}" if reason.strip() else "Acknowledged."
    edits.note(request.user, Alert.objects.filter(pk__in=mine), sentence)


@acting
def mute_part(request: HttpRequest, who: Principal) -> None:
    try:
        behind_utc_min = int(request.POST.get("behind_utc_min") or 0)
    except ValueError:
        behind_utc_min = 0
    behind_utc_min = max(-FURTHEST_BEHIND_UTC_MIN, min(FURTHEST_BEHIND_UTC_MIN, behind_utc_min))
    made = alerting.mute(
        _part(request.POST.get("part", "")),
        lasting=lasting(
            request.POST.get("lasting", ""), request.POST.get("until", ""), behind_utc_min, clock.now()
        ),
        by=who,
        reason=request.POST.get("reason", ""),
    )
    edits.note(request.user, [made], f"Muted: {made.reason}")


@acting
def end_mute(request: HttpRequest, who: Principal) -> None:
    (mute,) = Mute.objects.filter(pk__in=_numbers(request.POST, "mute"))[:1] or [None]
    if mute is None or not alerting.unmute(mute.pk, by=who):
        raise ValueError("That mute has ended already.")
    edits.note(request.user, [mute], "Ended before its time.")


def _numbers(said: QueryDict, name: str) -> set[int]:
    return {int(one) for one in said.getlist(name) if one.isdecimal() and len(one) < len(str(2**63))}


def _part(said: str) -> alerting.Part | None:
    """Return the part that a form names, None for everything. Raises `ValueError` where it is not there."""
    if said == "all":
        return None
    kind, _, name = said.partition(":")
    found: alerting.Part | None = None
    match kind:
        case "location":
            found = Location.objects.filter(slug=name).first()
        case "group":
            found = Group.objects.filter(slug=name).first()
        case "receiver":
            found = Receiver.objects.filter(code=name).first()
        case "channel":
            found = Channel.objects.filter(device_id=name).first()
    if found is None:
        raise ValueError("Choose what to mute: that part is not there.")
    return found
