"""What watching costs: the wall of a show that is played, in a browser, with all of Micboard behind it.

Bytes are those that the server puts onto this browser's connections. CPU is of the page's main thread. A task that was
long by the wall's clock alone waited for a core; the long ones are those that computed for 50 ms.
"""

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import CDPSession, Page, ViewportSize

from tests.bench.relay import Line, relay
from tests.bench.showing import showing
from tests.bench.workbench import say
from tests.browser import chromium
from tests.system.stack import Stack

LONG_MS = 50
_SETTLES_S = 5
_MAIN_THREAD = "CrRendererMain"
_A_TASK = "ThreadControllerImpl::RunTask"
_OBSERVE = """
() => {
    window.longTasks = 0;
    new PerformanceObserver((list) => { window.longTasks += list.getEntries().length; }).observe({ type: "longtask" });
}
"""

Figures = dict[str, Any]


def run(options: Namespace) -> Figures:
    with showing(options) as (stack, _), relay(stack.port) as line, _page(stack, line) as page:
        return {
            "channels": options.channels,
            "interval_s": options.interval,
            **_measured(stack, line, page, options),
        }


def _address(line: Line) -> str:
    return f"http://127.0.0.1:{line.port}"


@contextmanager
def _page(stack: Stack, line: Line) -> Iterator[Page]:
    address = _address(line)
    cookie = stack.signed_in().cookies["sessionid"]
    view = ViewportSize(width=1920, height=1080)
    with chromium() as browser, browser.new_context(base_url=address, viewport=view) as context:
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
        yield context.new_page()


def _measured(stack: Stack, line: Line, page: Page, options: Namespace) -> Figures:
    elsewhere, complaints = _noted(page, _address(line))
    page.goto("/wall/", wait_until="networkidle")
    page.wait_for_function(
        "(count) => document.querySelectorAll('.tile').length === count", arg=options.channels
    )
    time.sleep(_SETTLES_S)
    cdp, browser = page.context.new_cdp_session(page), page.context.browser
    assert browser is not None
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    say(f"watching for {options.seconds:g} s")
    changes = "SELECT count(*) FROM core_changerecord"
    page.evaluate(_OBSERVE)
    heap_mb = _heap_mb(cdp)
    browser.start_tracing(page=page, categories=["toplevel"])
    cpu_s, told, ((changed,),), began = _cpu_s(cdp), line.told, stack.sql(changes), time.monotonic()
    time.sleep(options.seconds)
    took_s = time.monotonic() - began
    cpu_then, told_then, ((changed_then,),) = _cpu_s(cdp), line.told, stack.sql(changes)
    tasks = _tasks(json.loads(browser.stop_tracing()))
    return {
        "seconds": round(took_s),
        "changed_channels_a_second": round((changed_then - changed) / took_s, 1),
        "bytes_a_second": round((told_then - told) / took_s),
        "cores_in_use": round((cpu_then - cpu_s) / took_s, 4),
        "heap_growth_mb": round(_heap_mb(cdp) - heap_mb, 2),
        "tasks": len(tasks),
        "longest_task_ms": {
            "computed": max(cpu for cpu, _ in tasks),
            "by_the_clock": max(wall for _, wall in tasks),
        },
        "long_tasks": {
            "computed": sum(cpu >= LONG_MS for cpu, _ in tasks),
            "by_the_clock": page.evaluate("() => window.longTasks"),
        },
        "asked_elsewhere": elsewhere,
        "complaints": complaints,
    }


def _noted(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Note from now on what a page asks of others than its own server, and what it complains of."""
    elsewhere: list[str] = []
    complaints: list[str] = []

    def asks(url: str) -> None:
        if not url.startswith(f"{address}/"):
            elsewhere.append(url)

    page.on("request", lambda request: asks(request.url))
    page.on("websocket", lambda socket: asks(socket.url.replace("ws:", "http:", 1)))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    return elsewhere, complaints


def _cpu_s(cdp: CDPSession) -> float:
    return _metric(cdp, "TaskDuration")


def _heap_mb(cdp: CDPSession) -> float:
    """Return what the page's objects take, those that nobody needs any more left out."""
    cdp.send("HeapProfiler.collectGarbage")
    return _metric(cdp, "JSHeapUsedSize") / 2**20


def _metric(cdp: CDPSession, name: str) -> float:
    told = cdp.send("Performance.getMetrics")
    return float(next(one["value"] for one in told["metrics"] if one["name"] == name))


def _tasks(trace: dict[str, Any]) -> list[tuple[float, float]]:
    """Return the CPU time and the duration of each task of the page's main thread, in ms."""
    events = trace["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == _MAIN_THREAD
    }
    return [
        (event.get("tdur", 0) / 1000, event["dur"] / 1000)
        for event in events
        if event["name"] == _A_TASK and event["ph"] == "X" and (event["pid"], event["tid"]) in threads
    ]
