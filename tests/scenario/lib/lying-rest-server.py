#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""lying-rest-server.py FOLDER MODE: serve FOLDER by restic's REST protocol, and misbehave as the file MODE says.

Its first line on standard output is its address. The file holds a word, and for some a number:

    honest          do as one should              often-500 N     answer every N-th request with 500
    cut             end packs half-way            lost-answer     store what is sent, and break off before the answer
    short           serve half, as if whole       long            send more than was asked for
    endless         never end an answer           wrong           change a byte of what is read
    elsewhere       redirect all                  no-length       do not tell how long things are
    bad-list        lists that are none           many-headers    a head that does not end
    no-ranges       serve all, whatever the range deaf            accept, and never answer
"""
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER, MODE = Path(sys.argv[1]), Path(sys.argv[2])
COUNT = {"requests": 0}
LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def path_of(self):
        parts = [p for p in self.path.split("?")[0].split("/") if p]
        if ".." in parts:
            return FOLDER / "none"
        if len(parts) == 2 and parts[0] == "data":
            return FOLDER / "data" / parts[1][:2] / parts[1]
        return FOLDER.joinpath(*parts)

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True
        self.connection.close()

    def misbehaves(self):
        """The word for this request, or None when it was dealt with."""
        word, _, number = MODE.read_text().strip().partition(" ")
        with LOCK:
            COUNT["requests"] += 1
            due = number and COUNT["requests"] % int(number) == 0
        if word == "often-500" and due:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.answer(500, b"not today\n")
        elif word == "elsewhere":
            self.answer(302, Location="http://127.0.0.1:9/")
        elif word == "deaf":
            time.sleep(3600)
        elif word == "many-headers":
            self.send_response(200)
            self.flush_headers()
            try:
                while True:
                    self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")
            except OSError:
                self.hang_up()
        else:
            return word
        return None

    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            pass

    def do_HEAD(self):
        word = self.misbehaves()
        path = self.path_of()
        if word and not path.is_file():
            self.answer(404)
        elif word:
            size = path.stat().st_size
            length = None if word == "no-length" else str(size // 2 if word == "short" else size)
            if length is None:
                self.close_connection = True
            self.answer(200, Content_Length=length)

    def list(self, word):
        names = [p for p in self.path_of().rglob("*") if p.is_file() and not p.name.startswith(".")]
        body = "[" + ",".join(f'{{"name":"{p.name}","size":{p.stat().st_size}}}' for p in names) + "]"
        if word == "bad-list":
            body = body[:-5]
        self.answer(200, body.encode(), Content_Type="application/vnd.x.restic.rest.v2")

    def do_GET(self):
        word = self.misbehaves()
        if not word:
            return
        if word == "endless" and "config" not in self.path and "keys" not in self.path:
            self.endless()
            return
        if self.path.endswith("/"):
            self.list(word)
            return
        path = self.path_of()
        if not path.is_file():
            self.answer(404)
            return
        whole = path.read_bytes()
        is_pack = "/data/" in self.path
        if word == "short" and is_pack:
            whole = whole[: len(whole) // 2]
        asked = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        start = int(asked[0] or 0)
        end = min(int(asked[2]) + 1, len(whole)) if asked[2] else len(whole)
        if start >= len(whole) > 0:
            self.answer(416)
            return
        body = whole[start:end]
        if word == "wrong" and is_pack:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if word == "long" and is_pack:
            body += b"more"
        if word == "no-ranges" and asked[0]:
            self.answer(200, whole)
        elif word == "cut" and is_pack:
            self.send_response(206)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.hang_up()
        elif asked[0]:
            self.answer(206, body, Content_Range=f"bytes {start}-{end - 1}/{len(whole)}")
        else:
            self.answer(200, body)

    def do_POST(self):
        word = self.misbehaves()
        if not word:
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path_of()
        if "create=true" in self.path:
            for name in ("data", "index", "keys", "locks", "snapshots"):
                (FOLDER / name).mkdir(parents=True, exist_ok=True)
        elif path.exists():
            self.answer(403, b"already exists\n")
            return
        else:
            path.parent.mkdir(exist_ok=True)
            fresh = path.with_name("." + path.name)
            fresh.write_bytes(body)
            os.rename(fresh, path)
            with LOCK:
                lost = word == "lost-answer" and path not in COUNT
                COUNT[path] = True
            if lost:
                self.hang_up()
                return
        self.answer(200)

    def do_DELETE(self):
        if self.misbehaves():
            self.path_of().unlink(missing_ok=True)
            self.answer(200)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
