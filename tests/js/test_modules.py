import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.js")), ids=lambda file: file.name)
def test_the_browser_modules_do_what_their_tests_say(file: Path) -> None:
    node = shutil.which("node")
    assert node, "The browser's modules are tested with node: install it, then `npm ci` in tests/js."

    ran = subprocess.run([node, "--test", file.name], cwd=HERE, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
