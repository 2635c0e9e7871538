#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""TLS and client certificates: who gets in, as whom, what is exchanged while it runs, and clients
that misbehave.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import os
import resource
import socket
import ssl
import sys
import time
import warnings

import tap
from access_case import (BACKEND, CERTIFICATES, LOOPBACK, TOKENS, VIP, AccessTest, TcpClient,
                         UnixClient, client_context, write_tokens)
from certificates import EXPIRED, Authority
from host import SOCKET, wait_until
from rest_client import put_header, read_replies, read_reply

BEYOND = ("10.0.0.2", 7443)
SILENT_S = 10  # a client that says nothing is cut off; see api/client.c
IDLE_CONNECTIONS = 1000
FILES = 4096

BACKENDS = {f"backend-{number:04}": {"address": f"10.1.{number >> 8}.{number & 255}"}
            for number in range(2000)}


class TlsTest(AccessTest):
    def setUp(self):
        super().setUp()
        self.servers, self.clients = Authority(CERTIFICATES / "servers"), \
            Authority(CERTIFICATES / "clients")
        self.server = self.servers.issue("lb1", "DNS:lb1.example.org,IP:10.0.0.2")
        self.config["api"] = {
            "listen": [f"unix:{SOCKET}", "127.0.0.1:7007", "10.0.0.2:7443"],
            "tls": {"certificate": str(self.server.pem), "key": str(self.server.key),
                    "client_ca": str(self.clients.pem)}}

    def use_tokens(self, *lines):
        write_tokens(lines)
        self.config["api"]["tokens"] = str(TOKENS)

    def tls(self, certificate=None, token=None, version=None, address=BEYOND):
        """From the balancer itself, or, beyond loopback, from the peer."""
        where = self.peer if address == BEYOND else self.balancer
        return TcpClient(where, address, token,
                         client_context(self.servers, certificate, version))

    def expect_alert(self, certificate, reason):
        """In 1.3 the client has sent its request by then, so it may lose the alert to a reset."""
        with self.assertRaisesRegex(ssl.SSLError, reason):
            self.tls(certificate, version=ssl.TLSVersion.TLSv1_2).get("/healthz")
        with self.assertRaisesRegex((ssl.SSLError, ConnectionError), f"{reason}|EOF|reset|pipe"):
            self.tls(certificate, version=ssl.TLSVersion.TLSv1_3).get("/healthz")


class Certificates(TlsTest):
    def test_who_gets_in(self):
        alice = self.clients.issue("alice")
        caromd = self.start()
        self.assertEqual(caromd.messages("warning"), [])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for address in (LOOPBACK, BEYOND):
                reply = self.tls(alice, version=version, address=address).get("/v1/vips")
                self.assertEqual(reply.status, 200, reply)
        self.assertEqual(UnixClient().get("/v1/vips").status, 200)

    def test_who_does_not(self):
        self.start()
        self.expect_alert(None, "alert certificate required|alert handshake failure")
        self.expect_alert(self.servers.issue("alice"), "alert unknown ca")
        self.expect_alert(self.clients.issue("old", period=EXPIRED), "alert certificate expired")
        self.expect_alert(self.clients.issue("server", purpose="serverAuth"),
                          "alert bad certificate")
        good = self.clients.issue("client", purpose="clientAuth")
        self.assertEqual(self.tls(good).get("/healthz").status, 200)

    def test_old_versions(self):
        alice = self.clients.issue("alice")
        self.start()
        context = client_context(self.servers, alice)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            TcpClient(self.peer, BEYOND, tls=context).get("/healthz")

    def test_the_server_s_own(self):
        self.start()
        context = ssl.create_default_context(cafile=self.servers.pem)
        with self.peer.inside():
            plain = socket.create_connection(BEYOND)
        with context.wrap_socket(plain, server_hostname="lb1.example.org") as connected:
            self.assertEqual(connected.getpeercert()["subject"], ((("commonName", "lb1"),),))

    def test_without_tls_nothing_is_said(self):
        self.start()
        with self.peer.inside():
            plain = socket.create_connection(BEYOND, timeout=20)
        with plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertEqual(plain.recv(1000), b"")
            except ConnectionResetError:
                pass

    def test_without_client_ca_a_token_is_needed(self):
        del self.config["api"]["tls"]["client_ca"]
        self.use_tokens(("reader", "carol", "carol-s"))
        self.start()
        self.expect_problem(self.tls().get("/v1/vips"), 401, "unauthenticated")
        self.assertEqual(self.tls(token="carol-s").get("/v1/vips").status, 200)
        self.assertEqual(self.tls().get("/healthz").status, 200)


class Roles(TlsTest):
    def test_by_the_token_file(self):
        self.use_tokens(("operator", "deploy", "cert:deploy.example.org"),
                        ("reader", "prometheus", "cert:prometheus"),
                        ("admin", "alice", "alice-s"))
        caromd = self.start()
        operator = self.clients.issue("x", "DNS:y.example.org,DNS:deploy.example.org")
        reader = self.clients.issue("prometheus")
        stranger = self.clients.issue("stranger", "URI:spiffe://example.org/stranger")
        self.assertEqual(self.tls(operator).put(BACKEND, {"address": "10.0.0.1"}).status, 200)
        self.expect_problem(self.tls(operator).put("/v1/vips/new", VIP), 403, "forbidden",
                            "certificate deploy has the role 'operator'")
        self.assertEqual(self.tls(reader).get("/v1/vips").status, 200)
        self.expect_problem(self.tls(reader).post(f"{BACKEND}/drain"), 403, "forbidden")
        self.expect_problem(self.tls(stranger).get("/v1/vips"), 401, "unauthenticated",
                            "no role to the certificate of 'spiffe://example.org/stranger'")
        self.assertEqual(self.tls(stranger).get("/healthz").status, 200)
        # A token says more than the certificate that it comes with.
        self.assertEqual(self.tls(stranger, "alice-s").put("/v1/vips/new", VIP).status, 201)
        self.assertEqual([line.split(" from ")[0] for line in self.audit(caromd)],
                         ["certificate deploy", "certificate deploy", "certificate prometheus",
                          "token alice"])

    def test_without_a_token_file(self):
        caromd = self.start()
        reply = self.tls(self.clients.issue("alice")).put("/v1/vips/new", VIP)
        self.assertEqual(reply.status, 201, reply)
        self.assertRegex(self.audit(caromd)[0],
                         r"^certificate alice from 10\.0\.0\.1:\d+: PUT /v1/vips/new: 201, ")

    def test_foreign_origin(self):
        self.start()
        client = self.tls(self.clients.issue("alice"))
        for origin, status in (("https://evil.example.org", 403), ("http://lb1:7443", 403),
                               ("https://lb1:7443", 200)):
            reply = client.request("GET", "/v1/vips", headers={"Host": "lb1:7443",
                                                               "Origin": origin})
            self.assertEqual(reply.status, status, reply)


class Faults(TlsTest):
    def setUp(self):
        super().setUp()
        self.files = self.config["api"]["tls"]

    def test_missing_files(self):
        self.files.update(certificate="/run/a", key="/run/b", client_ca="/run/c")
        self.expect_faults(*(f"api.tls.{key} '/run/{name}': open it: No such file or directory"
                             for key, name in (("certificate", "a"), ("key", "b"),
                                               ("client_ca", "c"))))

    def test_key_that_is_open_to_others(self):
        self.server.key.chmod(0o644)
        self.expect_faults(f"api.tls.key '{self.server.key}': its mode 0644 is open to others than"
                           " its owner; set it with: chmod 600")

    def test_key_of_another_certificate(self):
        other = self.servers.issue("other")
        self.files["key"] = str(other.key)
        self.expect_faults(
            f"api.tls.certificate '{self.server.pem}' and api.tls.key '{other.key}' cannot be used"
            " together: The certificate and the given key do not match.")

    def test_what_is_no_certificate(self):
        self.files["client_ca"] = str(self.server.key)
        self.expect_faults(f"api.tls.client_ca '{self.server.key}': there is no certificate in it")
        self.files["client_ca"] = str(self.clients.pem)
        self.files["certificate"] = str(self.server.key)
        self.server.key.write_text("no key")
        self.expect_faults(
            f"api.tls.certificate '{self.server.key}': No certificate was found.",
            f"api.tls.key '{self.server.key}': there is no private key in it")

    def test_expired_certificate_of_the_server(self):
        old = self.servers.issue("old", period=EXPIRED)
        self.files.update(certificate=str(old.pem), key=str(old.key))
        caromd = self.start()
        self.assertEqual(caromd.messages("warning"),
                         [f"api.tls.certificate '{old.pem}' has expired"])

    def test_beyond_loopback(self):
        del self.config["api"]["tls"]
        self.write_config()
        caromd = self.launch("--check")
        self.assertEqual(caromd.end(), 1)
        self.assertEqual(caromd.messages("error")[1],
                         "api: listen[2] '10.0.0.2:7443' is not on loopback; what listens there"
                         " needs api.tls, and api.tokens or api.tls.client_ca (at /api/listen/2)")


class Exchange(TlsTest):
    """On SIGHUP, without a restart."""

    READ = "info: api: certificates and tokens are read again"

    def test_of_the_server_s_certificate(self):
        alice = self.clients.issue("alice")
        caromd = self.start()
        open_before = self.tls(alice).connect()
        new = Authority(CERTIFICATES / "new").issue("lb1")
        new.pem.rename(self.server.pem)
        new.key.rename(self.server.key)
        self.reload(caromd, self.READ)
        with self.assertRaisesRegex(ssl.SSLError, "certificate verify failed"):
            self.tls(alice).get("/healthz")
        self.servers.pem = CERTIFICATES / "new/ca.pem"
        self.assertEqual(self.tls(alice).get("/healthz").status, 200)
        # A connection that was open goes on, for one answer.
        with open_before:
            open_before.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            reply = read_reply(open_before)
        self.assertEqual((reply.status, reply.closes), (200, True))

    def test_of_the_clients_ca(self):
        alice, bob = self.clients.issue("alice"), Authority(CERTIFICATES / "new").issue("bob")
        caromd = self.start()
        self.expect_alert(bob, "alert unknown ca")
        (CERTIFICATES / "new/ca.pem").rename(self.clients.pem)
        self.reload(caromd, self.READ)
        self.assertEqual(self.tls(bob).get("/healthz").status, 200)
        self.expect_alert(alice, "alert unknown ca")

    def test_by_what_cannot_be_used(self):
        """All stays as it was, what could be used, too."""
        alice = self.clients.issue("alice")
        self.use_tokens(("reader", "alice", "cert:alice"))
        caromd = self.start()
        self.server.key.chmod(0o640)
        write_tokens([("admin", "alice", "cert:alice")])
        self.reload(caromd, "error: api: certificates and tokens stay as they were:")
        self.assertIn(f"api.tls.key '{self.server.key}': its mode 0640 is open to others than its"
                      " owner; set it with: chmod 600", caromd.messages("error"))
        self.assertEqual(self.tls(alice).get("/v1/vips").status, 200)
        self.assertEqual(self.tls(alice).put("/v1/vips/new", VIP).status, 403)
        self.server.key.chmod(0o600)
        self.reload(caromd, self.READ)
        self.assertEqual(self.tls(alice).put("/v1/vips/new", VIP).status, 201)


class Misbehaviour(TlsTest):
    """What tests/lab/rest asks of a plain connection, where TLS has buffers of its own."""

    def setUp(self):
        super().setUp()
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
        self.config["node"]["limits"].update(backends=4096, slots=1 << 20)
        self.alice = self.clients.issue("alice")
        self.caromd = self.start()

    def connect(self):
        return self.tls(self.alice).connect()

    def put_many(self):
        reply = self.tls(self.alice).put("/v1/vips/many", {**VIP, "backends": BACKENDS})
        self.assertEqual(reply.status, 201, reply)

    def test_large_bodies_and_answers(self):
        self.put_many()
        expected = UnixClient().get("/v1/vips/many").body
        self.assertGreater(len(expected), 100000)
        with self.connect() as connected:
            for _ in range(20):
                connected.sendall(b"GET /v1/vips/many HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertEqual(read_reply(connected).body, expected)

    def test_pipelined_large_answers(self):
        """More than the socket's buffers hold, to a client that reads only afterwards."""
        self.put_many()
        expected = UnixClient().get("/v1/vips/many").body
        with self.connect() as connected:
            connected.sendall(b"GET /v1/vips/many HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
            for reply in read_replies(connected, ["GET"] * 100):
                self.assertEqual(reply.body, expected)

    def test_pipelined_writes_keep_their_order(self):
        body = b'{"address": "10.0.0.1", "weight": 7}'
        with self.connect() as connected:
            connected.sendall(put_header(BACKEND, len(body)) + body +
                              f"GET {BACKEND} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            write, read = read_replies(connected, ["PUT", "GET"])
        self.assertEqual((write.status, read.json()["weight"]), (200, 7))

    def test_a_byte_at_a_time(self):
        body = b'{"address": "10.0.0.1", "weight": 8}'
        with self.connect() as connected:
            for byte in put_header(BACKEND, len(body)) + body:
                connected.sendall(bytes([byte]))
            self.assertEqual(read_reply(connected).status, 200)

    def test_refused_in_mid_request(self):
        """The answer is read whole though the rest still comes."""
        for head in (put_header("/v1/vips/web", 5 << 20), put_header("/v1/vips/web?x", 1 << 20)):
            with self.connect() as connected:
                connected.sendall(head)
                reply = read_reply(connected)
            self.assertIn(reply.status, (400, 413))
            self.assertTrue(reply.closes and reply.json()["detail"])

    def test_endless_body(self):
        with self.connect() as connected:
            connected.sendall(b"PUT /v1/vips/web HTTP/1.1\r\nHost: x\r\n"
                              b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(5):
                connected.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
            self.expect_problem(read_reply(connected), 413, "body-too-large")

    def test_endless_header(self):
        with self.connect() as connected:
            connected.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
            try:
                for number in range(100000):
                    connected.sendall(b"X-%d: %s\r\n" % (number, b"x" * 100))
                self.fail("10 MB of header were taken")
            except (ConnectionError, ssl.SSLError):
                pass
        self.assertEqual(self.tls(self.alice).get("/healthz").status, 200)

    def test_deep_json(self):
        reply = self.tls(self.alice).put("/v1/vips/web", "[" * 100000)
        self.expect_problem(reply, 400, "syntax")
        deep = '{"a":' * 33 + "1" + "}" * 33
        self.expect_problem(self.tls(self.alice).put("/v1/vips/web", deep), 400, "syntax",
                            "nested deeper than 32 levels")

    def test_events(self):
        """A stream, which is suspended between two events."""
        with self.connect() as connected:
            connected.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            received = connected.recv(65536)
            for revision in range(2, 7):
                UnixClient().put(BACKEND, {"address": "10.0.0.1", "weight": 10 * revision})
                while f"id: {revision}\n" not in received.decode():
                    piece = connected.recv(65536)
                    self.assertTrue(piece, f"the stream ended after {received}")
                    received += piece
        self.assertIn(b"text/event-stream", received)

    def test_aborted_connections_leave_nothing(self):
        before = self.descriptors()
        for sent in (b"", b"GET", put_header(BACKEND, 100), put_header(BACKEND, 100) + b"{"):
            for _ in range(20):
                connected = self.connect()
                connected.sendall(sent) if sent else None
                connected.close()
        wait_until(lambda: self.descriptors() <= before, f"return to {before} descriptors",
                   lambda: f"there are {self.descriptors()}")

    def descriptors(self):
        return UnixClient().server_descriptors()

    def half_open(self):
        """Handshakes that are begun and not ended: with nothing, and with half a first message."""
        with self.peer.inside():
            silent, begun = (socket.create_connection(BEYOND, timeout=3 * SILENT_S)
                             for _ in range(2))
        begun.sendall(bytes([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]) + b"\0" * 100)
        return [silent, begun]

    def cpu_s(self):
        with open(f"/proc/{self.caromd.process.pid}/stat", encoding="ascii") as stat:
            user, system = stat.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def test_handshakes_that_never_end(self):
        """Nor a header. They are cut off, and nothing else waits for them, nor are they tried all the time."""
        start, before_s = time.monotonic(), self.cpu_s()
        half_open = self.half_open()
        slow = self.connect()
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHo")
        self.assertEqual(self.tls(self.alice).put("/v1/vips/new", VIP).status, 201)
        for connected in half_open:
            with connected:
                try:
                    self.assertEqual(connected.recv(1000), b"")
                except ConnectionResetError:
                    pass
        self.assertGreaterEqual(time.monotonic() - start, SILENT_S - 1)
        with slow:
            self.expect_problem(read_reply(slow), 408, "timeout")
        self.assertLess(self.cpu_s() - before_s, SILENT_S / 4)

    def test_many_idle_connections(self):
        idle = [self.connect() for _ in range(IDLE_CONNECTIONS)]
        idle += self.half_open()
        try:
            self.assertEqual(self.tls(self.alice).get("/healthz").status, 200)
            self.assertEqual(UnixClient().put(BACKEND, {"address": "10.0.0.1", "weight": 9}).status,
                             200)
        finally:
            for connected in idle:
                connected.close()


if __name__ == "__main__":
    sys.exit(tap.main())
