"""An endpoint of AWS on loopback whose answers a test lines up, and whose calls it reads."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass
class Call:
    operation: str
    path: str
    body: dict


@dataclass
class Answer:
    body: object
    """JSON; a text is sent as it is."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def fault(code: str, status: int = 400) -> Answer:
    """As Lambda (the header) and Glue (the body) tell one."""
    body = {"__type": code, "message": f"{code} it is", "Message": f"{code} it is"}
    return Answer(body, status, {"x-amzn-ErrorType": code})


@dataclass
class Endpoint:
    url: str
    answers: deque[Answer] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)

    def answer(self, *answers: Answer | object) -> None:
        self.answers.extend(one if isinstance(one, Answer) else Answer(one) for one in answers)

    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]


@contextmanager
def scripted_endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_query = "x-www-form-urlencoded" in self.headers.get("Content-Type", "")
            body = dict(parse_qsl(content.decode())) if is_query else json.loads(content or b"{}")
            target = self.headers.get("X-Amz-Target", body.get("Action", "Invoke"))
            endpoint.calls.append(Call(target.rpartition(".")[2], self.path, body))
            answer = endpoint.answers.popleft() if endpoint.answers else fault("Unscripted", 400)
            told = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            content = told.encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("x-amzn-RequestId", f"request-{len(endpoint.calls)}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
