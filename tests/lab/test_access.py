#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who may do what through the API: sockets, tokens, roles, browsers, and the record of writes.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import grp
import os
import re
import stat
import sys

import tap
from access_case import (BACKEND, LOOPBACK, TOKENS, VIP, AccessTest, TcpClient, UnixClient,
                         write_tokens)
from host import CONFIG, SOCKET
from rest_client import read_replies, read_reply

READER, OPERATOR, ADMIN = "reader-s", "operator-s", "admin-s"
EVERYBODY = [("reader", "prometheus", READER), ("operator", "deploy", OPERATOR),
             ("admin", "alice", ADMIN)]

B1 = {"address": "10.0.0.1"}
# What each role may, from the least to the most: (method, target, body).
PROBES = [("GET", "/healthz", None), ("HEAD", "/readyz", None)]
READS = [("GET", "/v1/config", None), ("GET", "/v1/vips/web", None), ("HEAD", "/v1/status", None),
         ("GET", "/metrics", None)]
OPERATIONS = [("PUT", BACKEND, B1), ("PUT", "/v1/vips/web/backends", {"b1": B1}),
              ("DELETE", "/v1/vips/web/backends/none", None), ("POST", f"{BACKEND}/drain", None)]
CHANGES = [("PUT", "/v1/vips/new", VIP), ("DELETE", "/v1/vips/new", None),
           ("PUT", "/v1/config", {"vips": {"web": {**VIP, "backends": {"b1": B1}}}})]


class Sockets(AccessTest):
    def expect_rights(self, mode, group):
        caromd = self.start()
        status = SOCKET.stat()
        self.assertEqual((oct(stat.S_IMODE(status.st_mode)), status.st_gid), (oct(mode), group))
        self.stop(caromd)

    def test_default(self):
        self.expect_rights(0o660, os.getgid())

    def test_mode_and_group(self):
        self.config["api"].update(socket_mode="0606", socket_group="adm")
        self.expect_rights(0o606, grp.getgrnam("adm").gr_gid)

    def test_umask_takes_nothing(self):
        self.config["api"].update(socket_mode="0666")
        previous = os.umask(0o077)
        try:
            self.expect_rights(0o666, os.getgid())
        finally:
            os.umask(previous)

    def test_unknown_group(self):
        self.config["api"]["socket_group"] = "no-such-group"
        self.expect_faults("api.socket_group 'no-such-group': this host has no such group")

    def test_group_cannot_be_given(self):
        self.config["api"]["socket_group"] = "adm"
        self.write_config()
        self.expect_refusal(
            f"api: listen on 'unix:{SOCKET}': give the socket to api.socket_group:"
            " Operation not permitted", prefix=["setpriv", "--bounding-set=-chown"])


class BadTokenFiles(AccessTest):
    def setUp(self):
        super().setUp()
        self.config["api"]["tokens"] = str(TOKENS)

    def test_missing(self):
        self.expect_faults(f"api.tokens '{TOKENS}': open it: No such file or directory")

    def test_open_to_others(self):
        for mode in (0o640, 0o604, 0o620):
            write_tokens(EVERYBODY, mode)
            self.expect_faults(f"api.tokens '{TOKENS}': its mode {mode:04o} is open to others than"
                               " its owner; set it with: chmod 600")

    def test_of_somebody_else(self):
        write_tokens(EVERYBODY)
        os.chown(TOKENS, 1, 1)
        self.expect_faults(f"api.tokens '{TOKENS}': it belongs to uid 1; expected root, or uid 65527,"
                           " which caromd runs as")

    def test_no_file(self):
        TOKENS.mkdir()
        self.addCleanup(TOKENS.rmdir)
        self.expect_faults(f"api.tokens '{TOKENS}': it is not a regular file")

    def test_a_pipe_is_not_waited_for(self):
        os.mkfifo(TOKENS, 0o600)
        self.expect_faults(f"api.tokens '{TOKENS}': it is not a regular file")

    def test_too_large(self):
        write_tokens(EVERYBODY)
        os.truncate(TOKENS, (1 << 20) + 1)
        self.expect_faults(f"api.tokens '{TOKENS}': it has 1048577 bytes; at most 1048576 are read")

    def test_every_fault_is_told(self):
        write_tokens([("root", "x", "y"), ("admin", "x", "y"), ("admin", "z", "y")])
        self.expect_faults(
            f"api.tokens '{TOKENS}': line 1: the first field is not a role; expected 'reader',"
            " 'operator' or 'admin'",
            f"api.tokens '{TOKENS}': line 3: this token or certificate has a line already")


class Roles(AccessTest):
    def setUp(self):
        super().setUp()
        write_tokens(EVERYBODY)
        self.config["api"] = {"listen": [f"unix:{SOCKET}", "127.0.0.1:7007"],
                              "tokens": str(TOKENS)}
        self.caromd = self.start()

    def tcp(self, token=None):
        return TcpClient(self.balancer, LOOPBACK, token)

    def expect_allowed(self, client, requests):
        for request in requests:
            reply = client.request(*request)
            self.assertIn(reply.status, (200, 201), f"{request}: {reply}")

    def expect_forbidden(self, client, requests, who, needed):
        for method, target, body in requests:
            reply = client.request(method, target, body)
            self.expect_problem(reply, 403, "forbidden", f"{who}; this needs the role '{needed}'")

    def test_no_warning(self):
        self.assertEqual(self.caromd.messages("warning"), [])

    def test_nobody(self):
        client = self.tcp()
        self.expect_allowed(client, PROBES)
        for method, target, body in READS + OPERATIONS + CHANGES:
            reply = client.request(method, target, body)
            self.assertEqual(reply.headers["WWW-Authenticate"], 'Bearer realm="carom"', reply)
            if method != "HEAD":
                self.expect_problem(reply, 401, "unauthenticated", "a token is needed")

    def test_reader(self):
        client = self.tcp(READER)
        self.expect_allowed(client, PROBES + READS)
        self.expect_forbidden(client, OPERATIONS, "token prometheus has the role 'reader'",
                              "operator")
        self.expect_forbidden(client, CHANGES, "token prometheus has the role 'reader'", "admin")

    def test_operator(self):
        client = self.tcp(OPERATOR)
        self.expect_allowed(client, PROBES + READS + OPERATIONS)
        self.expect_forbidden(client, CHANGES, "token deploy has the role 'operator'", "admin")

    def test_admin(self):
        self.expect_allowed(self.tcp(ADMIN), PROBES + READS + OPERATIONS + CHANGES)

    def test_unix_socket(self):
        """Who gets as far is admin, but who shows a token is who the token says."""
        self.expect_allowed(UnixClient(), PROBES + READS + OPERATIONS + CHANGES)
        self.expect_forbidden(UnixClient(READER), OPERATIONS,
                              "token prometheus has the role 'reader'", "operator")
        self.expect_problem(UnixClient("x").get("/v1/config"), 401, "unauthenticated")

    def test_wrong_tokens(self):
        for authorization, detail in (
                ("Bearer wrong", "the token is nobody's"),
                (f"Bearer {ADMIN}x", "the token is nobody's"),
                (f"Bearer  {ADMIN}", None),
                (f"bearer {ADMIN}", None),
                ("Bearer", "not of the form 'Bearer TOKEN'"),
                ("Bearer ", "not of the form 'Bearer TOKEN'"),
                (f"Bearer{ADMIN}", "not of the form 'Bearer TOKEN'"),
                (f"Basic {ADMIN}", "not of the form 'Bearer TOKEN'"),
                ("", "not of the form 'Bearer TOKEN'")):
            reply = self.tcp().request("GET", "/v1/vips", headers={"Authorization": authorization})
            if not detail:
                self.assertEqual(reply.status, 200, f"'{authorization}': {reply}")
                continue
            self.expect_problem(reply, 401, "unauthenticated", detail)
            self.assertEqual(reply.headers["WWW-Authenticate"],
                             'Bearer realm="carom", error="invalid_token"')

    def test_a_body_is_not_waited_for(self):
        """A stranger's announced body is refused before it comes."""
        with self.tcp().connect() as connected:
            connected.sendall(b"PUT /v1/config HTTP/1.1\r\nHost: localhost\r\n"
                              b"Content-Length: 60000000\r\n\r\n{")
            self.expect_problem(read_reply(connected), 401, "unauthenticated")

    def test_reload(self):
        """Tokens come and go; a file with a fault changes nothing."""
        self.assertEqual(self.tcp(READER).get("/v1/vips").status, 200)
        write_tokens([("reader", "carol", "carol-s")])
        self.reload(self.caromd, "info: api: certificates and tokens are read again")
        self.assertEqual(self.tcp(READER).get("/v1/vips").status, 401)
        self.assertEqual(self.tcp("carol-s").get("/v1/vips").status, 200)
        write_tokens([("reader", "carol", "carol-2"), ("king", "dave", "dave-s")])
        self.reload(self.caromd, "error: api: certificates and tokens stay as they were:")
        self.assertIn(
            f"api.tokens '{TOKENS}': line 2: the first field is not a role; expected 'reader',"
            " 'operator' or 'admin'", self.caromd.messages("error"))
        self.assertEqual(self.tcp("carol-2").get("/v1/vips").status, 401)
        self.assertEqual(self.tcp("carol-s").get("/v1/vips").status, 200)

    def test_files_are_not_changed_by_rest(self):
        config = UnixClient().get("/v1/config").json()
        self.assertEqual(config["api"]["tokens"], str(TOKENS))
        del config["api"]["tokens"]
        reply = UnixClient().put("/v1/config", config)
        self.expect_problem(reply, 422, "invalid", "only the file sets it")


class OpenLoopback(AccessTest):
    """TCP without tokens: on request, with a warning, and not for browsers on other sites."""

    def setUp(self):
        super().setUp()
        self.config["api"]["listen"] += ["127.0.0.1:7007", "[::1]:7007"]
        self.caromd = self.start()
        self.client = TcpClient(self.balancer, LOOPBACK)

    def test_everybody_may_do_everything(self):
        self.assertEqual(self.caromd.messages("warning"), [
            "api: it listens on loopback TCP without api.tokens and api.tls.client_ca, so"
            " everybody on this host may change everything"])
        self.assertEqual(self.client.put("/v1/vips/new", VIP).status, 201)
        self.assertRegex(self.audit(self.caromd)[0],
                         r"^anyone from 127\.0\.0\.1:\d+: PUT /v1/vips/new: 201, revision 2$")

    def test_a_token_without_tokens(self):
        reply = TcpClient(self.balancer, LOOPBACK, "x").get("/v1/vips")
        self.expect_problem(reply, 401, "unauthenticated", "api.tokens is not set")

    def test_dns_rebinding(self):
        """A name that leads to loopback is not loopback's."""
        for name in ("evil.example.org", "evil.example.org:7007", "carom", "10.0.0.2:7007",
                     "localhost.example.org", "127.0.0.1.example.org:7007"):
            for method, target, body in (("GET", "/v1/config", None), ("PUT", "/v1/vips/x", VIP)):
                reply = self.client.request(method, target, body, {"Host": name})
                self.expect_problem(reply, 421, "misdirected", f"Host is '{name}'")
        self.assertEqual(self.client.revision(), 1)
        self.assertRegex(self.audit(self.caromd)[0],
                         r"^nobody from 127\.0\.0\.1:\d+: PUT /v1/vips/x: 421, revision 1$")

    def test_own_names(self):
        for name in ("localhost:7007", "LOCALHOST", "127.0.0.1:7007", "127.9.9.9", "[::1]:7007"):
            reply = self.client.request("GET", "/v1/vips", headers={"Host": name})
            self.assertEqual(reply.status, 200, f"{name}: {reply}")
        ipv6 = TcpClient(self.balancer, ("::1", 7007))
        self.assertEqual(ipv6.request("GET", "/v1/vips", headers={"Host": "[::1]:7007"}).status, 200)

    def test_unix_socket_has_any_name(self):
        reply = UnixClient().request("GET", "/v1/vips", headers={"Host": "carom"})
        self.assertEqual(reply.status, 200)

    def test_foreign_origin(self):
        for origin in ("https://evil.example.org", "null", "http://localhost:8080",
                       "http://localhost:7007.evil.example.org"):
            for client in (self.client, UnixClient()):
                reply = client.request("PUT", "/v1/vips/x", VIP,
                                       {"Host": "localhost:7007", "Origin": origin})
                self.expect_problem(reply, 403, "forbidden", f"Origin is '{origin}'")
        self.assertEqual(self.client.revision(), 1)

    def test_own_origin(self):
        reply = self.client.request("PUT", "/v1/vips/x", VIP, {
            "Host": "localhost:7007", "Origin": "http://localhost:7007"})
        self.assertEqual(reply.status, 201, reply)

    def test_preflight_gives_no_leave(self):
        reply = self.client.request("OPTIONS", "/v1/vips/x", headers={
            "Origin": "https://evil.example.org", "Access-Control-Request-Method": "PUT"})
        self.assertFalse([name for name in reply.headers if name.startswith("Access-Control")])


class Audit(AccessTest):
    def setUp(self):
        super().setUp()
        write_tokens(EVERYBODY)
        self.config["api"] = {"listen": [f"unix:{SOCKET}", "127.0.0.1:7007"],
                              "tokens": str(TOKENS)}
        self.caromd = self.start()

    def tcp(self, token=None):
        return TcpClient(self.balancer, LOOPBACK, token)

    def expect_audit(self, *expected):
        self.assertEqual([re.sub(r"127\.0\.0\.1:\d+", "TCP", re.sub(r"pid \d+", "PID", line))
                          for line in self.audit(self.caromd)], list(expected))

    def test_captures(self):
        """They copy what others send: who took what, and how much."""
        self.tcp(READER).request("POST", "/v1/capture", {})
        self.tcp(OPERATOR).request("POST", "/v1/capture", {"vip": "none"})
        self.tcp(OPERATOR).request("POST", "/v1/capture", {
            "vip": "web", "filter": "tcp\nport 443", "duration_ms": 1})
        self.caromd.wait_for("capture ended")
        self.expect_audit(
            "token prometheus from TCP: POST /v1/capture: 403, revision 1",
            "token deploy from TCP: POST /v1/capture: 422, revision 1",
            "token deploy: capture begins: vip 'web', filter 'tcp?port 443', 256 bytes each",
            "token deploy from TCP: POST /v1/capture: 200, revision 1",
            "token deploy: capture ended by duration_ms: 0 packets")

    def test_what_is_accepted(self):
        self.tcp(ADMIN).put("/v1/vips/new", VIP)
        self.tcp(ADMIN).put("/v1/vips/new", VIP)
        self.tcp(ADMIN).put("/v1/vips/new?dry_run=true", {**VIP, "port": 81})
        self.tcp(OPERATOR).post(f"{BACKEND}/drain")
        UnixClient().delete("/v1/vips/new")
        UnixClient(OPERATOR).put(BACKEND, {**B1, "weight": 2})
        self.expect_audit(
            "token alice from TCP: PUT /v1/vips/new: 201, revision 2",
            "token alice from TCP: PUT /v1/vips/new: 200, revision 2, unchanged",
            "token alice from TCP: PUT /v1/vips/new: 200, revision 2, dry run",
            f"token deploy from TCP: POST {BACKEND}/drain: 200, revision 3",
            "uid 0 from PID: DELETE /v1/vips/new: 200, revision 4",
            f"token deploy from PID: PUT {BACKEND}: 200, revision 5")
        authors = {record["revision"]: record["author"]
                   for record in UnixClient().get("/v1/revisions").json()}
        self.assertEqual([authors[revision] for revision in (2, 3, 4, 5)],
                         ["token alice", "token deploy", "uid 0", "token deploy"])

    def test_what_is_refused(self):
        self.tcp().put("/v1/vips/new", VIP)
        self.tcp("wrong").put("/v1/vips/new", VIP)
        self.tcp(READER).put("/v1/vips/new", VIP)
        self.tcp(ADMIN).put("/v1/vips/new", {**VIP, "port": "80"})
        self.tcp(ADMIN).put("/v1/vips/new", "{")
        self.tcp(ADMIN).put("/v1/vips/new?x", VIP)
        self.tcp(ADMIN).put("/v1/vips/new", VIP, {"If-Match": '"7"'})
        self.tcp(ADMIN).put("/v1/vips/new", VIP, {"Content-Type": "text/plain"})
        self.expect_audit(
            "nobody from TCP: PUT /v1/vips/new: 401, revision 1",
            "nobody from TCP: PUT /v1/vips/new: 401, revision 1",
            "token prometheus from TCP: PUT /v1/vips/new: 403, revision 1",
            *(f"token alice from TCP: PUT /v1/vips/new: {status}, revision 1"
              for status in (422, 400, 400, 412, 415)))

    def test_reads_are_not_recorded(self):
        self.tcp(READER).get("/v1/config")
        self.tcp().get("/v1/config")
        self.tcp(ADMIN).put("/no/such/path", {})
        self.expect_audit()

    def test_a_path_cannot_forge_lines(self):
        with UnixClient().connect() as connected:
            connected.sendall(b"DELETE /v1/vips/\x1b[2J\xff\t HTTP/1.1\r\nHost: x\r\n\r\n")
            read_reply(connected)
        self.assertFalse(re.search(r"[^ -~\n]", self.caromd.log.read_text()))
        UnixClient().delete("/v1/vips/" + "x" * 1000)
        self.assertRegex(self.audit(self.caromd)[-1], r"^uid 0 from pid \d+: DELETE /v1/vips/x{200,}"
                                                      r"\.\.\.: 200, revision 1, unchanged$")

    def test_strangers_do_not_fill_the_log(self):
        with self.tcp().connect() as connected:
            connected.sendall(b"DELETE /v1/vips/x HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
            for reply in read_replies(connected, ["DELETE"] * 100):
                self.assertEqual(reply.status, 401)
        UnixClient().delete("/v1/vips/x")
        self.caromd.wait_for("audit: uid 0")
        written = [line for line in self.audit(self.caromd) if line.startswith("nobody ")]
        omitted = [int(count) for count in re.findall(
            "audit: ([0-9]+) requests of nobody known left out", self.caromd.log.read_text())]
        self.assertGreater(sum(omitted), 0)
        self.assertEqual(len(written) + sum(omitted), 100)

    def test_nothing_secret_is_logged(self):
        for token in (READER, OPERATOR, ADMIN, "wrong"):
            self.tcp(token).put("/v1/vips/new", VIP)
        log = self.caromd.log.read_text() + CONFIG.read_text()
        for token in (READER, OPERATOR, ADMIN, "wrong"):
            self.assertNotIn(token, log)


if __name__ == "__main__":
    sys.exit(tap.main())
