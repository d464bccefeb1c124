#!/usr/bin/env python3
"""Scripted client of the trace scenarios: records goldens, or checks another implementation against them.

    driver.py --cmd ./tracer [--golden DIR:DIR...] [--tier core] [--group tcp] [--repeat 3] [NAME...]
    driver.py --cmd "python3 trace_server.py" --record [NAME...]

Standard library only; talks to 127.0.0.1 only.
"""
import argparse
import difflib
import json
import os
import shlex
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CERTS = os.path.join(HERE, "certs")
REFERENCE = os.path.join(HERE, "golden")
# where Tidemill differs, then newer behaviour of the reference, then the reference
GOLDEN = ":".join(os.path.join(HERE, d) for d in ("golden-ours", "golden-3.13", "golden"))
BIG = 16 * 1024 * 1024
TIMEOUT = 12
DRIVE = {}


def drive(*names):
    def deco(fn):
        for n in names or (fn.__name__,):
            DRIVE[n] = fn
        return fn
    return deco


class Failed(Exception):
    pass


class Harness:
    """One run of one scenario: the server process, its trace, the peer listener, and client observations."""

    def __init__(self, cmd, name):
        self.name = name
        self.tmp = tempfile.mkdtemp(prefix="trace-")
        self.peer = socket.create_server(("127.0.0.1", 0))
        self.peer.settimeout(TIMEOUT)
        self.closed = socket.socket()             # bound, never listening: connecting is refused
        self.closed.bind(("127.0.0.1", 0))
        # a UDP port number on which nobody listens: bind and close
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        u.bind(("127.0.0.1", 0))
        env = dict(os.environ, TRACE_TMP=self.tmp, TRACE_CERTS=CERTS,
                   TRACE_PEER_PORT=str(self.peer.getsockname()[1]),
                   TRACE_CLOSED_PORT=str(self.closed.getsockname()[1]))
        u.close()
        # the same number must be free of UDP listeners as well as of TCP ones; it is, nobody bound it
        self.udp_busy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.udp_busy.bind(("127.0.0.1", self.peer.getsockname()[1]))
        except OSError:
            pass
        self.obs = []
        self.lines = []
        self.cond = threading.Condition()
        self.eof = False
        self.open = []
        self.proc = subprocess.Popen(shlex.split(cmd) + [name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE if not os.environ.get("TRACE_STDERR") else None,
                                     env=env, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()
        if self.proc.stderr:
            self.err = []
            threading.Thread(target=lambda: self.err.extend(self.proc.stderr), daemon=True).start()

    def _read(self):
        for line in self.proc.stdout:
            try:
                obj = json.loads(line)
            except ValueError:
                obj = {"ev": "not-json", "line": line.decode("utf-8", "replace")}
            with self.cond:
                self.lines.append(obj)
                self.cond.notify_all()
        with self.cond:
            self.eof = True
            self.cond.notify_all()

    # -- what the driver scripts use
    def until(self, pred, what):
        deadline = time.monotonic() + TIMEOUT
        with self.cond:
            while not pred(self.lines):
                left = deadline - time.monotonic()
                if self.eof and not pred(self.lines):
                    raise Failed("server ended before " + what)
                if left <= 0:
                    raise Failed("timed out waiting for " + what)
                self.cond.wait(min(left, 0.5))

    @property
    def hello(self):
        self.until(lambda ls: any(l.get("hello") for l in ls), "hello")
        return [l for l in self.lines if l.get("hello")][0]

    def wait(self, ev, count=1, **match):
        """Wait until the trace has count events named ev with these fields."""
        self.until(lambda ls: sum(l.get("ev") == ev and all(l.get(k) == v for k, v in match.items()) for l in ls) >= count,
                   "%s x%d %r" % (ev, count, match))

    def count(self, ev, **match):
        with self.cond:
            return sum(l.get("ev") == ev and all(l.get(k) == v for k, v in match.items()) for l in self.lines)

    def op(self, op, count=1, **match):
        self.wait("op", count, op=op, **match)

    def step(self):
        self.proc.stdin.write(b"step\n")
        self.proc.stdin.flush()

    def sleep(self, seconds=0.1):
        time.sleep(seconds)

    def connect(self, rcvbuf=None):
        h = self.hello
        if h["kind"] == "unix":
            s = socket.socket(socket.AF_UNIX)
            addr = h["path"]
        else:
            s = socket.socket()
            addr = (h["host"], h["port"])
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        s.settimeout(TIMEOUT)
        s.connect(addr)
        self.open.append(s)
        return s

    def slow(self):
        return self.connect(rcvbuf=32768)

    def tls(self, sock=None, **kw):
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.load_verify_locations(os.path.join(CERTS, "ca.pem"))
        if "alpn" in kw:
            ctx.set_alpn_protocols(kw["alpn"])
        s = sock or self.connect()
        t = ctx.wrap_socket(s, server_hostname="localhost", suppress_ragged_eofs=False)
        self.open.append(t)
        return t

    def accept(self):
        c, addr = self.peer.accept()
        c.settimeout(TIMEOUT)
        self.open.append(c)
        return c, addr

    def see(self, **kw):
        self.obs.append(kw)

    def finish(self):
        """Wait for the server to end; returns the normalised record."""
        deadline = time.monotonic() + TIMEOUT + 8
        try:
            self.proc.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.obs.append({"driver": "server did not exit"})
            os.killpg(self.proc.pid, signal.SIGKILL)
            self.proc.wait()
        with self.cond:
            while not self.eof:
                if not self.cond.wait(2):
                    break
        for s in self.open:
            s.close()
        for s in (self.peer, self.closed, self.udp_busy):
            s.close()
        self.proc.stdin.close()
        shutil.rmtree(self.tmp, ignore_errors=True)
        rec = {"scenario": self.name, "server": normalise(self.lines), "client": self.obs}
        if self.proc.returncode:
            rec["exit"] = self.proc.returncode
        return rec


def read_all(s, limit=None):
    """Read to the end; returns (bytes, how it ended)."""
    out = []
    n = 0
    while limit is None or n < limit:
        try:
            d = s.recv(65536 if limit is None else min(65536, limit - n))
        except ssl.SSLEOFError:
            return b"".join(out), "tls-truncated"
        except ssl.SSLZeroReturnError:
            return b"".join(out), "eof"
        except ssl.SSLError:
            return b"".join(out), "tls-error"
        except ConnectionResetError:
            return b"".join(out), "rst"
        except socket.timeout:
            return b"".join(out), "timeout"
        if not d:
            return b"".join(out), "eof"
        out.append(d)
        n += len(d)
    return b"".join(out), "limit"


def rst(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


MERGE = {"data_received", "pipe_data_received", "buffer_updated"}


def normalise(lines):
    """Take out of a trace what the contract leaves open.

    Consecutive receive events of one stream in one state become one (sizes added, last checksum);
    repeated get_buffer/buffer_updated pairs become one pair; adjacent pipe_connection_lost and
    process_exited events are put into one order; an eof_received that follows a local close over
    TLS is dropped; the hello line goes away."""
    out = []
    for l in lines:
        l = {k: v for k, v in l.items() if not (k == "in" and not v)}
        if l.get("hello") or l.get("ev") == "ready" or (l.get("ev") == "eof_received" and l.get("st") == "C--"):
            continue
        if l.get("ev") in MERGE and out:
            key = ("ev", "c", "p", "fd", "st", "in")
            prev = out[-1]
            if all(prev.get(k) == l.get(k) for k in key):
                prev["n"] += l["n"]
                prev["crc"] = l["crc"]
                continue
            if (l["ev"] == "buffer_updated" and len(out) >= 3 and prev.get("ev") == "get_buffer"
                    and all(out[-2].get(k) == l.get(k) for k in key)):
                out.pop()
                out[-1]["n"] += l["n"]
                out[-1]["crc"] = l["crc"]
                continue
        out.append(l)
    i = 0
    while i < len(out):
        j = i
        while j < len(out) and out[j].get("ev") in ("pipe_connection_lost", "process_exited") and out[j].get("c") == out[i].get("c"):
            j += 1
        out[i:j] = sorted(out[i:j], key=lambda e: (e["ev"], e.get("fd", 0)))
        i = max(j, i + 1)
    return out


def check_shape(rec):
    """The protocol state machine, whatever the scenario: made once, then data, at most one eof, lost once, then silence."""
    errs = []
    st = {}
    switched = any(e.get("op") == "set_protocol" for e in rec["server"])
    for e in rec["server"]:
        ev, c = e.get("ev"), e.get("c")
        if ev not in ("connection_made", "data_received", "eof_received", "connection_lost", "pause_writing", "resume_writing",
                      "datagram_received", "error_received", "pipe_data_received", "process_exited", "get_buffer", "buffer_updated"):
            continue
        cur = st.setdefault(c, "made" if switched else "new")
        if ev == "connection_made":
            if cur != "new" and not switched:
                errs.append("connection %s: connection_made in state %s" % (c, cur))
            st[c] = "made"
        elif cur == "lost":
            errs.append("connection %s: %s after connection_lost" % (c, ev))
        elif cur == "new":
            errs.append("connection %s: %s before connection_made" % (c, ev))
        elif ev == "connection_lost":
            st[c] = "lost"
        elif ev == "eof_received":
            if cur == "eof":
                errs.append("connection %s: eof_received twice" % c)
            st[c] = "eof"
        elif ev == "data_received" and cur == "eof":
            errs.append("connection %s: data_received after eof_received" % c)
    for e in rec["server"]:
        if e.get("ev") == "connection_lost" and e.get("in"):
            errs.append("connection_lost nested in %s" % e["in"])
    return errs


# ------------------------------------------------------------------ the scripts

def ping(h, s, msgs, close=True):
    for m in msgs:
        s.sendall(m)
        got, how = read_all(s, len(m))
        h.see(echo=got == m)
    if close:
        s.shutdown(socket.SHUT_WR)
        d, how = read_all(s)
        h.see(got=len(d), end=how)


@drive("tcp_echo", "unix_echo", "server_connect_accepted")
def _(h):
    ping(h, h.connect(), [b"hello", b"world!", b"x"])


@drive("tcp_extra_info")
def _(h):
    s = h.connect()
    h.wait("connection_made")
    s.close()


@drive()
def tcp_eof_close_flushes(h):
    s = h.slow()
    s.sendall(b"request")
    h.wait("data_received")
    s.shutdown(socket.SHUT_WR)
    h.wait("eof_received")
    h.sleep()
    d, how = read_all(s)
    h.see(got=len(d), end=how)


@drive()
def tcp_eof_keep_open(h):
    s = h.connect()
    s.sendall(b"hi")
    s.shutdown(socket.SHUT_WR)
    h.wait("eof_received")
    h.sleep()
    h.step()
    d, how = read_all(s, 9)
    h.see(got=d.decode())
    h.step()
    d, how = read_all(s)
    h.see(got=len(d), end=how)


@drive()
def tcp_eof_keep_open_peer_gone(h):
    s = h.connect()
    s.shutdown(socket.SHUT_WR)
    h.wait("eof_received")
    s.close()
    h.sleep()
    h.step()
    h.op("write")
    h.sleep()
    h.step()


@drive("tcp_client_rst_idle")
def _(h):
    s = h.connect()
    ping(h, s, [b"hello"], close=False)
    rst(s)


@drive("tcp_client_rst_buffered")
def _(h):
    s = h.slow()
    h.op("write")
    h.sleep()
    rst(s)


@drive("tcp_client_rst_paused", "tcp_client_rst_paused_write")
def _(h):
    s = h.connect()
    h.op("pause_reading")
    rst(s)
    h.sleep()
    h.step()


@drive("tcp_abort_buffered")
def _(h):
    s = h.slow()
    h.op("write")
    h.sleep()
    h.step()
    h.wait("connection_lost")
    d, how = read_all(s)
    h.see(some=len(d) > 0, all=len(d) == BIG, end=how)


@drive("tcp_abort_unread")
def _(h):
    s = h.connect()
    h.op("pause_reading")
    s.sendall(b"never read")
    h.sleep()
    h.step()
    d, how = read_all(s)
    h.see(got=len(d), end=how)


@drive("tcp_close_flush", "tcp_close_while_write_paused", "tcp_writelines_flush")
def _(h):
    s = h.slow()
    h.op("close")
    h.sleep()
    d, how = read_all(s)
    h.see(got=len(d), end=how)


@drive("tcp_close_in_data_received", "tcp_close_idempotent", "tcp_write_after_close_idle", "tcp_use_after_lost")
def _(h):
    s = h.connect()
    s.sendall(b"request")
    d, how = read_all(s)
    h.see(got=len(d), end=how)


@drive()
def tcp_write_after_close_buffered(h):
    s = h.slow()
    h.op("close")
    h.sleep()
    d, how = read_all(s)
    h.see(got=len(d), tail=d[-5:].decode(), end=how)


@drive()
def tcp_write_eof_read_on(h):
    s = h.connect()
    d, how = read_all(s)
    h.see(got=len(d), end=how)
    s.sendall(b"answer")
    h.wait("data_received")
    s.close()


@drive()
def tcp_write_eof_flush(h):
    s = h.slow()
    h.op("write_eof")
    h.sleep()
    d, how = read_all(s)
    h.see(got=len(d), end=how)
    s.sendall(b"done")
    h.wait("data_received")
    s.close()


@drive("tcp_write_after_write_eof")
def _(h):
    s = h.connect()
    d, how = read_all(s)
    h.see(got=len(d), end=how)


@drive()
def tcp_pause_resume(h):
    s = h.connect()
    h.op("pause_reading", 2)
    s.sendall(b"12345")
    h.sleep()
    h.step()
    h.wait("data_received")
    s.close()


@drive()
def tcp_pause_then_eof(h):
    s = h.connect()
    h.op("pause_reading")
    s.sendall(b"12345")
    s.shutdown(socket.SHUT_WR)
    h.sleep()
    h.step()
    d, how = read_all(s)
    h.see(end=how)


@drive("tcp_write_limits")
def _(h):
    s = h.connect()
    h.op("limits", 12)
    s.close()


@drive()
def tcp_watermark_edges(h):
    s = h.slow()
    h.op("set_limits", 5)
    h.sleep()
    d, how = read_all(s, BIG + 2)
    h.wait("resume_writing")
    h.step()
    h.see(got=len(d), end=read_all(s)[1])


@drive()
def tcp_watermark_lower_pauses(h):
    s = h.slow()
    h.op("set_limits", 2)
    h.sleep()
    d, how = read_all(s, BIG)
    h.wait("resume_writing")
    h.step()
    h.see(got=len(d), end=read_all(s)[1])


@drive()
def tcp_write_in_resume(h):
    s = h.slow()
    h.op("write")
    h.sleep()
    n = 0
    while n < 3 * BIG:
        # never read on while the server is inside resume_writing, or the kernel swallows its next write whole
        done = h.count("mark", name="resume returns")
        if h.count("resume_writing") > done:
            h.wait("mark", done + 1, name="resume returns")
        n += len(s.recv(65536))
    h.wait("mark", 3, name="resume returns")
    h.step()
    h.see(got=n, end=read_all(s)[1])


@drive("tcp_exc_connection_made")
def _(h):
    ping(h, h.connect(), [b"hello"])


@drive("tcp_exc_data_received", "tcp_exc_connection_lost", "tcp_buffered_zero", "tcp_buffered_exc")
def _(h):
    s = h.connect()
    s.sendall(b"hello")
    d, how = read_all(s)
    # a read that was never made leaves data in the kernel, so the end may be a reset
    h.see(got=len(d), end=how)


@drive("tcp_exc_eof_received")
def _(h):
    s = h.connect()
    s.shutdown(socket.SHUT_WR)
    d, how = read_all(s)
    h.see(got=len(d), end=how)


@drive()
def tcp_exc_factory(h):
    s = h.connect()
    d, how = read_all(s)
    h.see(got=len(d), end=how)
    h.step()


@drive("tcp_protocol_switch", "tcp_buffered_protocol")
def _(h):
    ping(h, h.connect(), [b"one", b"two", b"three"])


@drive()
def tcp_switch_to_buffered(h):
    s = h.connect()
    s.sendall(b"first")
    read_all(s, 2)
    s.sendall(b"second")
    h.wait("buffer_updated")
    s.close()


@drive("client_connect")
def _(h):
    c, addr = h.accept()
    c.sendall(b"greeting")
    h.wait("data_received")
    c.close()


@drive("client_sock")
def _(h):
    c, addr = h.accept()
    d, how = read_all(c, 2)
    h.see(got=d.decode())
    c.close()


@drive()
def server_close_existing(h):
    s = h.connect()
    ping(h, s, [b"before"], close=False)
    h.step()
    h.op("server.close", 2)
    try:
        h.connect()
        h.see(second="connected")
    except ConnectionRefusedError:
        h.see(second="refused")
    ping(h, s, [b"after"])


@drive()
def server_wait_closed(h):
    s = h.connect()
    h.wait("connection_made")
    h.sleep(0.2)
    h.step()
    h.see(end=read_all(s)[1])


@drive()
def server_start_serving_false(h):
    try:
        h.connect()
        h.see(first="connected")
    except ConnectionRefusedError:
        h.see(first="refused")
    h.step()
    h.op("start_serving", 2)
    ping(h, h.connect(), [b"now"])


@drive()
def fd_transport_conflict(h):
    s = h.connect()
    s.sendall(b"x")
    h.see(end=read_all(s)[1])


def udp_client(h):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1)
    s.connect((h.hello["host"], h.hello["port"]))
    h.open.append(s)
    return s


@drive()
def server_accept_emfile(h):
    h.wait("full")
    s = h.connect()
    h.wait("exception_handler")
    h.step()
    ping(h, s, [b"late"])


@drive()
def udp_echo(h):
    s = udp_client(h)
    for m in (b"a", b"bb", b"c" * 1400):
        s.send(m)
        h.see(echo=s.recv(2000) == m)
    h.step()


@drive()
def udp_empty(h):
    s = udp_client(h)
    s.send(b"")
    h.op("sendto")
    try:
        s.settimeout(0.3)
        h.see(got=len(s.recv(100)))
    except socket.timeout:
        h.see(got="nothing")
    h.step()


@drive()
def udp_buffered(h):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(os.path.join(h.tmp, "dg"))
    s.settimeout(1)
    h.open.append(s)

    def receive():
        got = [s.recv(2000)[:3] for _ in range(200)]
        h.see(in_order=got == [b"%03d" % i for i in range(200)])
    h.hello
    h.step()
    h.wait("probe")
    receive()
    h.sleep()
    h.step()
    h.wait("probe", 2)
    h.step()
    h.wait("mark")
    h.sleep()
    receive()
    s.settimeout(0.2)
    try:
        h.see(more=s.recv(2000).decode())
    except socket.timeout:
        h.see(more=None)


@drive()
def udp_exc_datagram_received(h):
    s = udp_client(h)
    s.send(b"boom")
    h.wait("exception_handler")
    s.send(b"fine")
    h.see(echo=s.recv(100) == b"fine")
    h.step()


@drive()
def unix_stale_path(h):
    s = h.connect()
    s.sendall(b"?")
    h.see(answered_by=read_all(s, 1)[0].decode())
    s.close()


def fifo_writer(h):
    fd = os.open(h.hello["path"], os.O_WRONLY)
    h.step()
    h.wait("connection_made")
    return fd


@drive()
def pipe_read_eof(h):
    w = fifo_writer(h)
    os.write(w, b"hello")
    h.wait("data_received")
    os.close(w)


@drive()
def pipe_read_pause(h):
    w = fifo_writer(h)
    os.write(w, b"hello")
    os.close(w)
    h.sleep()
    h.step()


@drive()
def pipe_read_exc(h):
    w = fifo_writer(h)
    os.write(w, b"boom")
    h.wait("exception_handler")
    os.write(w, b"more")
    h.wait("data_received", 2)
    os.close(w)


def fifo_reader(h):
    path = h.hello["path"]
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(fd, True)
    h.step()
    return fd


def fd_all(fd):
    n = 0
    while True:
        d = os.read(fd, 65536)
        if not d:
            return n
        n += len(d)


@drive("pipe_write")
def _(h):
    r = fifo_reader(h)
    h.wait("connection_made")
    h.wait("connection_lost")
    h.see(got=fd_all(r))
    os.close(r)


@drive("pipe_write_flush_on_close")
def _(h):
    r = fifo_reader(h)
    h.op("close")
    h.sleep()
    h.see(got=fd_all(r))
    os.close(r)


@drive("pipe_write_peer_closed_idle")
def _(h):
    r = fifo_reader(h)
    h.wait("connection_made")
    h.sleep()
    os.close(r)


@drive("pipe_write_peer_closed_buffered")
def _(h):
    r = fifo_reader(h)
    h.op("write")
    h.sleep()
    os.close(r)


@drive()
def signal_basic(h):
    pid = h.hello["pid"]
    h.sleep()
    os.kill(pid, signal.SIGUSR1)
    h.wait("mark", name="SIGUSR1")
    os.kill(pid, signal.SIGUSR1)
    h.wait("mark", 2, name="SIGUSR1")
    os.kill(pid, signal.SIGUSR2)


@drive()
def tls_bad_handshake(h):
    s = h.connect()
    s.sendall(b"GET / HTTP/1.0\r\n\r\n" * 10)
    d, how = read_all(s)
    h.see(end=how)
    h.step()


@drive()
def tls_handshake_timeout(h):
    s = h.connect()
    t0 = time.monotonic()
    d, how = read_all(s)
    h.see(got=len(d), end=how, waited=0.15 < time.monotonic() - t0 < 5)
    h.step()


@drive("tls_truncated")
def _(h):
    t = h.tls()
    t.sendall(b"hi")
    read_all(t, 2)
    socket.socket.shutdown(t, socket.SHUT_WR)      # FIN below TLS, no close_notify


@drive("tls_eof_true")
def _(h):
    t = h.tls()
    t.sendall(b"hi")
    h.wait("data_received")
    s = t.unwrap()
    h.see(end=read_all(s)[1])


@drive("tls_rst")
def _(h):
    t = h.tls()
    t.sendall(b"hi")
    read_all(t, 2)
    rst(t)


@drive("tls_abort")
def _(h):
    s = h.slow()
    t = h.tls(s)
    h.op("write")
    h.sleep()
    h.step()
    h.wait("connection_lost")
    d, how = read_all(t)
    h.see(some=len(d) > 0, all=len(d) == BIG, end=how)


@drive()
def tls_data_after_close(h):
    t = h.tls()
    t.sendall(b"one")
    h.op("close")
    h.sleep()
    t.sendall(b"two")
    h.wait("connection_lost")


@drive()
def tls_start_tls_server(h):
    s = h.connect()
    s.sendall(b"STARTTLS")
    h.see(got=read_all(s, 2)[0].decode())
    t = h.tls(s)
    h.op("start_tls")       # what comes earlier may reach the protocol before start_tls returns
    for m in (b"hello", b"again"):
        t.sendall(m)
        h.see(echo=read_all(t, len(m))[0] == m)
    t.unwrap().close()


@drive()
def tls_client_verify(h):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(os.path.join(CERTS, "server.pem"), os.path.join(CERTS, "server.key"))
    for _ in range(3):
        c, addr = h.accept()
        try:
            t = ctx.wrap_socket(c, server_side=True)
            h.open.append(t)
            d, how = read_all(t)
            h.see(handshake=True)
            try:
                t.unwrap()
            except (OSError, ValueError):
                pass
            t.close()
        except (ssl.SSLError, OSError):
            h.see(handshake=False)
            c.close()


@drive()
def streams_read(h):
    s = h.connect()
    s.sendall(b"line\n12345part;;rest")
    h.op("readuntil")
    s.shutdown(socket.SHUT_WR)
    d, how = read_all(s)
    h.see(got=d.decode(), end=how)


@drive()
def streams_drain(h):
    s = h.slow()
    h.wait("ready")
    rst(s)


@drive()
def sendfile_order(h):
    s = h.slow()
    h.op("sendfile", 0)
    h.op("write", 2)
    d, how = read_all(s)
    h.see(got=len(d), head=d[:5].decode(), tail=d[-5:].decode(), end=how)


# ------------------------------------------------------------------ running, recording, comparing

def run_one(cmd, name):
    h = Harness(cmd, name)
    script = DRIVE.get(name)
    try:
        h.hello
        if script:
            script(h)
    except Exception as exc:
        h.obs.append({"driver": "%s: %s" % (type(exc).__name__, exc)})
    rec = h.finish()
    rec["shape"] = check_shape(rec)
    if os.environ.get("TRACE_SHOW_STDERR") and h.proc.stderr:
        sys.stderr.write(b"".join(h.err).decode("utf-8", "replace"))
    return rec


def pretty(rec):
    """One event per line, so that goldens diff well; still one JSON object."""
    dump = lambda o: json.dumps(o, sort_keys=True)
    parts = ['"scenario": %s' % dump(rec["scenario"])]
    for key in ("server", "client"):
        items = rec[key]
        parts.append('"%s": [%s]' % (key, "\n  " + ",\n  ".join(map(dump, items)) + "\n " if items else ""))
    for key in ("shape", "exit"):
        if rec.get(key):
            parts.append('"%s": %s' % (key, dump(rec[key])))
    return "{" + ",\n ".join(parts) + "}\n"


def listing():
    """The scenario table, from the reference server."""
    out = subprocess.run([sys.executable, os.path.join(HERE, "trace_server.py"), "--list"], capture_output=True, text=True, check=True)
    return [json.loads(l) for l in out.stdout.splitlines()]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cmd", required=True, help="command line of the server; the scenario name is appended")
    ap.add_argument("--record", action="store_true", help="write goldens instead of comparing")
    ap.add_argument("--golden", help="directories of goldens, separated by ':' and searched in order "
                    "(default: golden-ours, golden-3.13, golden; with --record golden)")
    ap.add_argument("--group")
    ap.add_argument("--tier")
    ap.add_argument("--repeat", type=int, default=1)
    ap.add_argument("--show", action="store_true", help="print each trace")
    ap.add_argument("names", nargs="*")
    a = ap.parse_args()
    names = a.names or [t["name"] for t in listing() if (not a.group or t["group"] == a.group) and (not a.tier or t["tier"] == a.tier)]
    bad = []
    for name in names:
        dirs = (a.golden or (REFERENCE if a.record else GOLDEN)).split(":")
        path = next((p for p in (os.path.join(d, name + ".json") for d in dirs) if os.path.exists(p)),
                    os.path.join(dirs[0], name + ".json"))
        if a.record:
            path = os.path.join(dirs[0], name + ".json")
        ok = True
        for i in range(a.repeat):
            text = pretty(run_one(a.cmd, name))
            if a.show:
                print(text, end="")
            if a.record and i == 0:
                os.makedirs(dirs[0], exist_ok=True)
                with open(path, "w") as f:
                    f.write(text)
                continue
            want = open(path).read() if os.path.exists(path) else ""
            if text != want:
                ok = False
                sys.stdout.writelines(difflib.unified_diff(want.splitlines(True), text.splitlines(True),
                                                           "golden/" + name, "got/" + name + (" run %d" % i)))
                break
        print(("ok   " if ok else "FAIL ") + name, flush=True)
        if not ok:
            bad.append(name)
    print("%d scenarios, %d failed%s" % (len(names), len(bad), ": " + " ".join(bad) if bad else ""))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
