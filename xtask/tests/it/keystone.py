"""Runs keystone inside its image, as its user, from a fresh database to a validated token."""

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

os.setgroups([])
os.setgid(42424)
os.setuid(42424)

pathlib.Path("/tmp/keystone.conf").write_text("""
[DEFAULT]
log_file = /tmp/keystone.log
[database]
connection = sqlite:////tmp/keystone.sqlite
[fernet_tokens]
key_repository = /tmp/fernet-keys
[credential]
key_repository = /tmp/credential-keys
[cache]
enabled = false
""")
os.environ["OS_KEYSTONE_CONFIG_FILES"] = "/tmp/keystone.conf"
# Another test may run a keystone at the same time.
with socket.create_server(("127.0.0.1", 0)) as free:
    address = "127.0.0.1:%d" % free.getsockname()[1]
base = f"http://{address}/v3"


def manage(*arguments):
    command = ["keystone-manage", "--config-file", "/tmp/keystone.conf", *arguments]
    subprocess.run(command, check=True)


subprocess.run(["keystone-manage", "--version"], check=True)
for folder in ("/tmp/fernet-keys", "/tmp/credential-keys"):
    os.mkdir(folder)
manage("db_sync")
account = ("--keystone-user", "42424", "--keystone-group", "42424")
manage("fernet_setup", *account)
manage("credential_setup", *account)
manage("bootstrap", "--bootstrap-password", "secret", "--bootstrap-public-url", base)
log = open("/tmp/uwsgi.log", "w")
uwsgi = subprocess.Popen(
    ["uwsgi", "--http-socket", address, "--module", "keystone.wsgi.api:application",
     "--virtualenv", "/var/lib/openstack", "--die-on-term"], stdout=log, stderr=log)


def call(path, body=None, token=None, subject=None):
    request = urllib.request.Request(base + path, json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("X-Auth-Token", token)
    if subject:
        request.add_header("X-Subject-Token", subject)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, dict(answer.headers), json.load(answer)


try:
    for attempt in range(240):
        try:
            status, headers, body = call("")
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    else:
        raise SystemExit(open("/tmp/uwsgi.log").read())
    print("GET /v3", status, body["version"]["id"])
    who = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": "admin", "domain": {"id": "default"}, "password": "secret"}}},
        "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}}
    status, headers, body = call("/auth/tokens", who)
    token = {name.lower(): value for name, value in headers.items()}["x-subject-token"]
    print("POST /v3/auth/tokens", status, body["token"]["user"]["name"])
    status, headers, body = call("/auth/tokens", None, token, token)
    print("GET /v3/auth/tokens", status, body["token"]["project"]["name"])
finally:
    uwsgi.terminate()
    uwsgi.wait()
