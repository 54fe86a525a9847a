"""Where messages arrive in tests: a mail server and a webhook, on real sockets."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Mailbox:
    """A mail server. What it `refuses`, it refuses with this line."""

    port: int = 0
    refuses: str = ""
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def address(self) -> str:
        where = f"mailto://127.0.0.1:{self.port}"
        return f"{where}?smtp=127.0.0.1&mode=insecure&from=board@micboard.example&to=rack@micboard.example"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 mail.micboard.example")
            while line := self.rfile.readline():
                match line[:4].upper():
                    case b"QUIT":
                        return self._say("221 bye")
                    case b"DATA":
                        self._say("354 go on")
                        text = b"".join(iter(self.rfile.readline, b".\r\n"))
                        box.mails.append(message_from_bytes(text, policy=policy.default))
                        self._say("250 kept")
                    case b"MAIL" if box.refuses:
                        self._say(box.refuses)
                    case _:
                        self._say("250 ok")
            return None

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
    box.port = server.server_address[1]
    with _serving(server):
        yield box


@dataclass
class Webhook:
    """A web server that is posted to. It answers with `status`, after it was let go on where it waits."""

    port: int = 0
    status: int = 200
    posts: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/T0AAA/B0BBB/verysecret"


@contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.posts.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:  # what is not read by anybody
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    hook.port = server.server_address[1]
    with _serving(server):
        yield hook
