"""Dovecot, as Debian has it, over mails in a Maildir of its own: how a server behaves that many run."""

import base64
import contextlib
import grp
import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from tests import keeper, services
from tests.tickets.mail.imap_server import KOREAN_PASSWORD, KOREAN_USER, PASSWORD, USER

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
VERSION = "2.3."  # whose configuration is below
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
import_environment = {keeper}
ssl = yes
ssl_cert = <{folder}/certificate
ssl_key = <{folder}/key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_username_chars =
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_fsync = never
mail_location = maildir:{folder}/mails/%n
mail_max_userip_connections = 0
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mails/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""


def why_not() -> str:
    """Returns why the tests with Dovecot can't run here, or nothing."""
    if PROGRAM is None:
        return "Dovecot is not installed: apt-get install dovecot-imapd"
    found = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return "" if found.startswith(VERSION) else f"Dovecot is {found}, and these tests configure {VERSION}x"


class Dovecot:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.tls_port = folder, services.free_port(), services.free_port()
        self.process: subprocess.Popen | None = None
        for each in (folder, Path(os.environ[keeper.VARIABLE])):
            each.chmod(0o755)
        (folder / "run").mkdir()
        self._write_certificate()
        users = {USER: PASSWORD, KOREAN_USER: KOREAN_PASSWORD}
        (folder / "users").write_text("".join(f"{user}:{_hashed(word)}::::::\n" for user, word in users.items()))
        (folder / "configuration").write_text(CONFIGURATION.format(**self._values()))

    @property
    def inbox(self) -> Path:
        return self.folder / "mails" / USER

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate"

    def start(self) -> None:
        assert PROGRAM
        self.process = subprocess.Popen([PROGRAM, "-F", "-c", str(self.folder / "configuration")])
        services.wait_for_port(self.port, self.process)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(services.START_SECONDS)

    def said(self, words: str) -> int:
        """Returns how often the words stand in its log."""
        return (self.folder / "log").read_text().count(words)

    def sessions(self) -> list[psutil.Process]:
        """The processes of which each serves one line."""
        assert self.process
        return [each for each in psutil.Process(self.process.pid).children() if each.name() == "imap"]

    def number_anew(self) -> None:
        """As after the mails alone were restored: the server gives them other numbers, and says so."""
        for path in [*self.inbox.glob("dovecot-uidlist"), *self.inbox.glob("dovecot.index*")]:
            path.unlink()

    def kill_sessions(self) -> int:
        with contextlib.suppress(psutil.NoSuchProcess):
            found = self.sessions()
            for each in found:
                each.kill()
            return len(found)
        return 0

    def _values(self) -> dict[str, object]:
        """Root may not own mails, and gives the processes users of their own; anybody else runs all as themselves."""
        me = pwd.getpwuid(os.getuid())
        owner, group, internal, login = me, grp.getgrgid(me.pw_gid).gr_name, me.pw_name, me.pw_name
        if me.pw_uid == 0:
            owner, group, internal, login = pwd.getpwnam("mail"), "dovecot", "dovecot", "dovenull"
        (self.folder / "mails").mkdir()
        os.chown(self.folder / "mails", owner.pw_uid, owner.pw_gid)
        mine = {"internal": internal, "login": login, "group": group, "uid": owner.pw_uid, "gid": owner.pw_gid}
        return {"folder": self.folder, "port": self.port, "tls_port": self.tls_port, "keeper": keeper.VARIABLE, **mine}

    def _write_certificate(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(timezone.now() - timedelta(days=1))
        builder = builder.not_valid_after(timezone.now() + timedelta(days=1)).add_extension(names, critical=False)
        self.certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        no_password, pkcs8 = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
        (self.folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, no_password))


def _hashed(password: str) -> str:
    return "{SHA256}" + base64.b64encode(hashlib.sha256(password.encode()).digest()).decode()


@contextlib.contextmanager
def running() -> Iterator[Dovecot]:
    server = Dovecot(services.temporary_folder())
    server.start()
    try:
        yield server
    finally:
        server.stop()
