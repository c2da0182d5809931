"""TLS before a server that has none, for clients that speak otherwise over TLS."""

import socket
import ssl
import tempfile
import threading
from urllib.parse import urlsplit

import trustme


class TlsFront:
    """Listens on a port of its own; `authority` is the file with the certificate to trust."""

    def __init__(self, endpoint):
        target = urlsplit(endpoint)
        self._target = (target.hostname, target.port)

    def __enter__(self):
        authority = trustme.CA()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self._context)
        self._file = tempfile.NamedTemporaryFile(suffix=".pem")
        authority.cert_pem.write_to_path(self._file.name)
        self.authority = self._file.name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        self._file.close()

    def _accept(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        try:
            client = self._context.wrap_socket(plain, server_side=True)
            server = socket.create_connection(self._target)
        except OSError:
            plain.close()
            return
        threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
        _pass_on(client, server)


def _pass_on(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # One side has gone: so has the other.
        for end in (source, sink):
            end.close()
