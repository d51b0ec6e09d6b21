"""A TCP server that answers by a script and keeps every byte that it received."""

import base64
import socket
import struct
import threading


class Gone(Exception):
    """The client went away in the middle of a request."""


def answer_bytes(answer):
    """One answer of a call's script as (bytes, what follows them)."""
    if isinstance(answer, str):
        answer = {"text": answer}
    body = answer.get("utf8", "").encode("utf-8") + base64.b64decode(answer.get("base64", ""))
    head = answer.get("text", "").replace("{length}", str(len(body)))
    return head.encode("latin-1") + body, answer.get("then", "keep")


class Origin:
    """One port. Several origins of a call share one script and one record."""

    def __init__(self, script, number):
        self.script = script
        self.number = number
        self.connections = 0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A client that waits for more than the script has is let go.
            connection.settimeout(1)
            self.sockets.append(connection)
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection, self.connections), daemon=True).start()

    def serve(self, connection, number):
        reader = connection.makefile("rb")
        try:
            while True:
                request = read_request(reader)
                answer, then = self.script.next(self.number, number, request)
                connection.sendall(answer)
                if then == "close":
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                if then == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if then == "silence":
                    while reader.read(1):
                        pass
                    return
        except (Gone, OSError):
            pass
        finally:
            reader.close()
            connection.close()

    def close(self):
        # Wakes up accept() as well; closing alone would not.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for connection in self.sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Script:
    """The answers to successive requests, whatever connection they come on; the last one answers all that follow."""

    def __init__(self, answers):
        self.lock = threading.Lock()
        self.answers = answers
        self.sent = []
        self.origins = [Origin(self, 1), Origin(self, 2)]

    def fill(self, value):
        """Placeholders become the addresses of this run."""
        if isinstance(value, str):
            first, second = self.origins
            return (
                value.replace("{origin}", f"http://127.0.0.1:{first.port}")
                .replace("{host}", f"127.0.0.1:{first.port}")
                .replace("{other}", f"http://127.0.0.1:{second.port}")
                .replace("{otherhost}", f"127.0.0.1:{second.port}")
            )
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(name): self.fill(item) for name, item in value.items()}
        return value

    def mask(self, text):
        """The addresses of this run become placeholders."""
        for origin, name in zip(self.origins, ("{host}", "{otherhost}")):
            text = text.replace(f"127.0.0.1:{origin.port}", name).replace(f"port={origin.port}", "port={port}")
        return text

    def next(self, origin, connection, request):
        with self.lock:
            answer = self.fill(self.answers[min(len(self.sent), len(self.answers) - 1)])
            self.sent.append({"origin": origin, "connection": connection, "bytes": self.mask(request.decode("latin-1"))})
        return answer_bytes(answer)

    def close(self):
        for origin in self.origins:
            origin.close()


def read_request(reader):
    """The bytes of one request: its head, and a body of the length, or of the chunks, that the head declares."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            raise Gone
        head += line
    fields = dict(
        (name.strip().lower(), value.strip().lower())
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    )
    if b"content-length" in fields:
        return head + reader.read(int(fields[b"content-length"]))
    if fields.get(b"transfer-encoding") != b"chunked":
        return head
    body = b""
    while True:
        size = reader.readline()
        if not size:
            raise Gone
        body += size
        length = int(size, 16)
        body += reader.read(length + 2)
        if length == 0:
            return head + body
