"""Serve the kiosk's page and get tickets for it, with nothing but Python; the token stays here.

    python serve.py https://micboard.example --token-file token --port 8080

Who reaches this address sees the board: put it where only the kiosk does, or behind a sign-in of your own.
"""

import argparse
import http.server
import string
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TIMEOUT_S = 5


class Kiosk(http.server.BaseHTTPRequestHandler):
    server_url: str
    token: str

    def do_GET(self) -> None:
        match self.path:
            case "/":
                page = string.Template((HERE / "index.html").read_text())
                self._answer(200, "text/html", page.substitute(server=self.server_url).encode())
            case "/kiosk.js":
                self._answer(200, "text/javascript", (HERE / "kiosk.js").read_bytes())
            case _:
                self._answer(404, "text/plain", b"There is / and /kiosk.js.")

    def do_POST(self) -> None:
        if self.path != "/ticket":
            self._answer(404, "text/plain", b"There is /ticket.")
            return
        request = urllib.request.Request(  # noqa: S310  the address is the operator's own
            f"{self.server_url}/api/v1/tickets/",
            data=b"{}",
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        # An AV network has no proxy.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=TIMEOUT_S) as answer:
                self._answer(200, "application/json", answer.read())
        except urllib.error.HTTPError as refused:
            self._answer(502, "text/plain", f"Micboard answers {refused.code}".encode())
        except OSError as error:
            self._answer(502, "text/plain", f"Micboard does not answer: {error}".encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  as the library names it
        """Say nothing of each request."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a kiosk's page and its tickets.")
    parser.add_argument("server", help="https://micboard.example")
    parser.add_argument("--token-file", type=Path, required=True, help="a file that holds the token alone")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    Kiosk.server_url = options.server.rstrip("/")
    Kiosk.token = options.token_file.read_text().strip()
    with http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Kiosk) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
