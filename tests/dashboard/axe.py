"""axe-core on a page: what keeps people with other eyes, hands or ears from using it."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

_SOURCE = Path(__file__).parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """
async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}
"""


async def serious_findings(page: Page) -> list[str]:
    """Return what axe finds that is serious or critical. It is run beside the page's policy, which has no say in it."""
    await page.evaluate(_SOURCE.read_text())
    found: list[Any] = await page.evaluate(_RUN)
    return found
