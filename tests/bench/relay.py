"""A line to a server that counts what the server puts onto it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread

_AT_ONCE = 65_536


@dataclass(slots=True, kw_only=True)
class Line:
    """`port` is where clients connect, `told` how many bytes the server told them."""

    port: int
    told: int = 0


@contextmanager
def relay(to: int) -> Iterator[Line]:
    """Carry what is said to a port of ours on to this one, and back."""
    line, lock = Line(port=0), Lock()

    class Carry(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", to)) as server:
                out = Thread(target=_pump, args=(self.request, server), daemon=True)
                out.start()
                with suppress(OSError):
                    while data := server.recv(_AT_ONCE):
                        with lock:
                            line.told += len(data)
                        self.request.sendall(data)
                _end(self.request)
                _end(server)
                out.join()

    class Server(ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Carry) as carrier:
        line.port = carrier.server_address[1]
        serving = Thread(target=carrier.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield line
        finally:
            carrier.shutdown()
            serving.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_AT_ONCE):
            sink.sendall(data)
    _end(sink)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
