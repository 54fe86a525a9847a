"""axe-core on a page: what keeps people with other eyes, hands or ears from using it."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

_SOURCE = Path(__file__).parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """
async (part) => {
    const about = part === null ? document : { include: [part], exclude: ["#changelist-search", ".select2"] };
    const { violations } = await axe.run(about, { resultTypes: ["violations"], preload: false });
    return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}
"""


async def serious_findings(page: Page, part: str | None = None) -> list[str]:
    """Return what axe finds that is serious or critical: on the page, or in a part of it but for Django's own search
    and choosers. It is run beside the page's policy, which has no say in it.
    """
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_SOURCE.read_text())
    found: list[Any] = await page.evaluate(_RUN, part)
    return found
