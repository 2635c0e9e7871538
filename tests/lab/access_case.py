# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the API's guard share: clients by TCP and TLS, tokens, and the audit."""

import hashlib
import re
import shutil
import socket
import ssl
from pathlib import Path

import host
from host import SOCKET, CaromdTest
from rest_client import TIMEOUT_S, Client

TOKENS = Path("/run/tokens")
CERTIFICATES = Path("/run/certificates")
LOOPBACK = ("127.0.0.1", 7007)

BACKEND = "/v1/vips/web/backends/b1"
VIP = {"address": "192.0.2.11", "port": 80, "protocol": "tcp"}


class TcpClient(Client):
    """From a host, with a token or without one; by TLS if there is a context."""

    def __init__(self, where, address, token=None, tls=None):
        super().__init__(None)
        self.where, self.address, self.token, self.tls = where, address, token, tls

    def connect(self):
        with self.where.inside():
            family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
            connected = socket.socket(family)
        connected.settimeout(TIMEOUT_S)
        connected.connect(self.address)
        return self.tls.wrap_socket(connected) if self.tls else connected

    def request(self, method, target, body=None, headers=None):
        headers = {"Host": "localhost", **(headers or {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return super().request(method, target, body, headers)


class UnixClient(TcpClient):
    def __init__(self, token=None):
        super().__init__(None, None, token)

    def connect(self):
        self.path = str(SOCKET)
        return Client.connect(self)


def client_context(authority, certificate=None, version=None):
    context = ssl.create_default_context(cafile=authority.pem)
    context.check_hostname = False  # an address is what is connected to
    if certificate:
        context.load_cert_chain(certificate.pem, certificate.key)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def write_tokens(lines, mode=0o600):
    """lines: triples of role, name and a token, or "cert:SUBJECT"."""
    text = "".join(
        f"{role} {name} "
        f"{secret if secret.startswith('cert:') else hashlib.sha256(secret.encode()).hexdigest()}\n"
        for role, name, secret in lines)
    new = TOKENS.with_suffix(".new")
    new.touch(mode=0o600)
    new.chmod(mode)
    new.write_text(text)
    new.rename(TOKENS)


class AccessTest(CaromdTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(shutil.rmtree, CERTIFICATES, ignore_errors=True)
        self.addCleanup(TOKENS.unlink, missing_ok=True)

    def tearDown(self):
        """Sanitizers speak last."""
        for caromd in self.started:
            if caromd.process.poll() is None:
                self.stop(caromd)
        super().tearDown()

    @classmethod
    def setUpClass(cls):
        if not CaromdTest.peer:
            CaromdTest.peer, CaromdTest.balancer = host.make_network()

    def expect_problem(self, reply, status, name, detail=""):
        self.assertEqual(reply.status, status, f"the answer was {reply}")
        self.assertEqual(reply.headers["Content-Type"], "application/problem+json")
        self.assertEqual(reply.json()["type"], f"/problems/{name}")
        self.assertIn(detail, reply.json()["detail"])
        return reply

    def expect_faults(self, *faults):
        """Neither a start nor --check accepts it, and nothing is begun."""
        self.write_config()
        for arguments in ([], ["--check"]):
            self.expect_refusal(f"{host.CONFIG} cannot be used:", *faults, arguments=arguments)

    def reload(self, caromd, expected):
        count = len(re.findall(expected, caromd.log.read_text()))
        caromd.signal(host.signal.SIGHUP)
        caromd.wait_for(expected, count + 1)

    def audit(self, caromd):
        return [message.removeprefix("audit: ") for message in caromd.messages("info")
                if message.startswith("audit: ")]
