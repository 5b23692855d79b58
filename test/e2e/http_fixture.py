"""The local HTTP and HTTPS server that `--- serve` starts for an end-to-end case.

    /hello            200 text/plain, one line
    /echo             200 text/plain: method, path, content type, header X-Test, body of the request
    /files/NAME       a file of the case's directory
    /status/N         status N with an empty body
    /to?URL           302 to URL
    /hops/N           302 to /hops/N-1; /hops/0 is /hello
    /chunked          200, chunked, three chunks
    /gzip             200 with Content-Encoding: gzip
    /coded/CODING     the same with that coding: gzip, zlib, raw (both called deflate), br (which is none), or
                      nothing (gzip, with no byte of it)
    /cut/CODING       the first half of that, its end being that of the connection
    /large            200, a body of 33 MiB
    /half             promises 1,000 bytes, sends 10 and closes
    /drip             promises 1,000 bytes, sends one every 100 ms
    /hang             never answers

Its certificate is for localhost and 127.0.0.1; SSL_CERT_FILE of the case names it.
"""

import gzip
import http.server
import os
import shutil
import ssl
import subprocess
import threading
import time
import zlib


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body=b"", status=200, kind="text/plain", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        self.server.seen.append(f"{self.command} {self.path}")
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path[1:].partition("?")
        name, _, rest = path.partition("/")
        action = getattr(self, f"on_{name}", None)
        try:
            action(rest or query) if action else self.answer(b"no such page\n", 404)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # the client has gone
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def on_hello(self, _):
        self.answer(b"hello from the server\n")

    def on_echo(self, _):
        lines = [f"{self.command} {self.path}", f"type {self.headers.get('Content-Type', '-')}",
                 f"test {self.headers.get('X-Test', '-')}", self.body.decode()]
        self.answer("\n".join(lines).encode() + b"\n", X_Answer="yes")

    def on_files(self, rest):
        path = os.path.join(self.server.directory, rest)
        if not os.path.isfile(path):
            return self.answer(b"no such file\n", 404)
        with open(path, "rb") as f:
            return self.answer(f.read(), kind="application/wasm")

    def on_status(self, rest):
        self.answer(status=int(rest))

    def on_to(self, rest):
        self.answer(status=302, Location=rest)

    def on_hops(self, rest):
        self.on_hello(rest) if rest == "0" else self.on_to(f"/hops/{int(rest) - 1}")

    def on_chunked(self, _):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"4\r\none \r\n4\r\ntwo \r\n6\r\nthree\n\r\n0\r\n\r\n")

    def on_gzip(self, _):
        self.answer(gzip.compress(b"compressed\n"), Content_Encoding="gzip")

    def coded(self, coding):
        """The name of a coding, and a body of that kind."""
        text, raw = b"compressed\n" * 1000, zlib.compressobj(wbits=-15)
        return {"gzip": ("gzip", gzip.compress(text)), "zlib": ("deflate", zlib.compress(text)),
                "raw": ("deflate", raw.compress(text) + raw.flush()), "br": ("br", text), "nothing": ("gzip", b"")}[coding]

    def on_coded(self, coding):
        name, body = self.coded(coding)
        self.answer(body, Content_Encoding=name)

    def on_cut(self, coding):
        name, body = self.coded(coding)
        self.send_response(200)
        self.send_header("Content-Encoding", name)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])

    def on_large(self, _):
        self.answer(b"x" * (33 << 20))

    def promise(self, size=1000):
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def on_huge(self, _):
        self.promise(2 << 30)
        self.wfile.write(b"\0asm")
        self.server.ended.wait(30)

    def on_half(self, _):
        self.promise()
        self.wfile.write(b"0123456789")

    def on_drip(self, _):
        self.promise()
        while not self.server.ended.wait(0.1):
            self.wfile.write(b".")
            self.wfile.flush()

    def on_hang(self, _):
        self.server.ended.wait()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, directory, seen, ended, certificate):
        super().__init__(("127.0.0.1", 0), Handler)
        self.directory, self.seen, self.ended = directory, seen, ended
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that trusts no certificate ends the handshake


def make_certificate(path):
    key, certificate = path + ".key", path + ".crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    with open(path, "wb") as out:
        for part in (key, certificate):
            with open(part, "rb") as f:
                out.write(f.read())
    return certificate


class Fixture:
    """Both servers of one case."""

    def __init__(self, directory):
        self.seen, self.ended = [], threading.Event()
        self.certificate = make_certificate(os.path.join(directory, ".home", "server.pem"))
        self.servers = [Server(directory, self.seen, self.ended, part)
                        for part in (None, os.path.join(directory, ".home", "server.pem"))]

    @staticmethod
    def possible():
        return shutil.which("openssl") is not None

    def names(self):
        """What {http} and {https} stand for."""
        plain, tls = (server.server_address[1] for server in self.servers)
        return {"{http}": f"http://127.0.0.1:{plain}", "{https}": f"https://localhost:{tls}"}

    def requests(self):
        """Every request since the last call."""
        time.sleep(0.01)
        lines, self.seen[:] = list(self.seen), []
        return "".join(line + "\n" for line in lines)

    def end(self):
        self.ended.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()
