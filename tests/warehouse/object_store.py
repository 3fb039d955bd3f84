"""A real S3-compatible object store (SeaweedFS) as a process of this machine, with one login and one bucket."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from pyarrow.fs import S3FileSystem

from services.broker import _free_ports
from tests.end_to_end.live_run import wait_until

PROGRAM = Path(sys.executable).with_name("weed")
BUCKET = "marts"
PORTS = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
PORTS += ("filer.port", "filer.port.grpc")


@contextmanager
def object_store(folder: Path) -> Iterator[dict[str, str]]:
    """The environment that leads Delta to it, meanwhile."""
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    login = {"accessKey": "codetrail", "secretKey": "a secret of this test alone"}
    people = {"identities": [{"name": "codetrail", "credentials": [login], "actions": ["Admin"]}]}
    (folder / "s3.json").write_text(json.dumps(people))
    words = [
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        f"-s3.config={folder / 's3.json'}",
    ]
    words += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.preStopSeconds=0", "-master.volumeSizeLimitMB=64"]
    words += [*(f"-{name}={port}" for name, port in ports.items())]
    address = f"http://127.0.0.1:{ports['s3.port']}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, *words], cwd=folder, env=os.environ, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(address), "the object store answers", 60)
        store = S3FileSystem(
            access_key=login["accessKey"],
            secret_key=login["secretKey"],
            endpoint_override=address,
            allow_bucket_creation=True,
        )
        store.create_dir(BUCKET)
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": login["accessKey"],
            "AWS_SECRET_ACCESS_KEY": login["secretKey"],
        }
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5):
            return True
    except HTTPError as answer:
        return answer.code == 403  # whoever has no login is refused
    except (URLError, ConnectionError):
        return False
