"""Streams on loopback that end by themselves: a video by HTTP, and one by RTSP."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_TS_PACKETS = 7 * 188  # bytes of MPEG-TS in an RTP packet
_WAIT_S = 20.0  # nobody waits longer for anything


@contextmanager
def http_stream(video: Path, content_type: str = "video/mp2t") -> Iterator[str]:
    """The address of `video`, served without a length, as cameras do it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _WAIT_S

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(video.read_bytes())

        def log_message(self, *words: object) -> None:
            pass

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def rtsp_stream(video: Path) -> Iterator[str]:
    """The address of `video`, an MPEG-TS, sent as RTP within the connection of RTSP (RFC 2326, 10.12; RFC 2250)."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = _WAIT_S

        def handle(self) -> None:
            while request := self.rfile.readline().decode().split():
                headers = {}
                while line := self.rfile.readline().decode().strip():
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                method, address = request[:2]
                self._answer(method, address, headers["cseq"])
                if method == "PLAY":
                    self._send(video.read_bytes())
                    return

        def _answer(self, method: str, address: str, number: str) -> None:
            sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=clip\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"
            described = f"Content-Type: application/sdp\r\nContent-Base: {address}/\r\nContent-Length: {len(sdp)}\r\n"
            extra = {
                "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
                "DESCRIBE": described,
                "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
            }.get(method, "Session: 1\r\n")
            body = sdp if method == "DESCRIBE" else ""
            self.wfile.write(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{extra}\r\n{body}".encode())

        def _send(self, content: bytes) -> None:
            for number, start in enumerate(range(0, len(content), _TS_PACKETS)):
                header = bytes((0x80, 33)) + (number & 0xFFFF).to_bytes(2, "big") + (number * 90).to_bytes(4, "big")
                packet = header + b"clip" + content[start : start + _TS_PACKETS]
                self.wfile.write(b"$\0" + len(packet).to_bytes(2, "big") + packet)

    with _running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"rtsp://127.0.0.1:{port}/clip"


@contextmanager
def _running(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(_WAIT_S)
        server.server_close()
