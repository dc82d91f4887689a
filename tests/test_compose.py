"""compose.yaml and Dockerfile: what they promise, and every command of the containers run without Docker."""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from anchor.core.job import JobState
from anchor.jobs.open_service import open_service
from anchor.settings import settings_from
from anchor.settings.configuration import Configuration, variables
from tests.jobs.work import spec_of, warm_plates
from tests.pipeline.conftest import toy_shelf
from tests.workers.farm import ended, wait_for

ROOT = Path(__file__).resolve().parents[1]
WORKERS = ("cpu", "render", "gpu")
ANCHORS = (*WORKERS, "anchor")
STORES = ("redis", "postgres")
PINNED = r"[a-z]+:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}"

__all__ = ["toy_shelf"]


def _compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def _filled(text: str, given: dict[str, str] | None = None) -> str:
    """`${NAME:-default}` and `$$` as compose fills them in."""
    filled = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: (given or {}).get(m[1]) or m[2], text)
    return filled.replace("$$", "$")


SERVICES = _compose()["services"]


def test_services_and_profiles() -> None:
    assert set(SERVICES) == {*ANCHORS, *STORES}
    always = {name for name, service in SERVICES.items() if not service.get("profiles")}
    assert always == {"redis", "cpu", "render"}
    assert SERVICES["gpu"]["profiles"] == ["gpu"] and SERVICES["postgres"]["profiles"] == ["postgres"]


@pytest.mark.parametrize("name", SERVICES)
def test_containers_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in ("", "0", "root", "0:0")
    assert any(place.startswith("/tmp") for place in service["tmpfs"])
    assert "ports" not in service, "nothing is published unless somebody asks for it"
    assert service["restart"] == ("no" if name == "anchor" else "unless-stopped")
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])
    assert "/" not in service["image"], "plain image names"
    assert 0 < service["pids_limit"] <= 1024
    assert re.fullmatch(r"\d+[MG]", service["deploy"]["resources"]["limits"]["memory"])
    assert "build" in service or re.fullmatch(PINNED, service["image"]), "by digest"


@pytest.mark.parametrize("name", SERVICES)
def test_only_the_command_line_has_a_way_out(name: str) -> None:
    assert SERVICES[name]["networks"] == (["farm", "outside"] if name == "anchor" else ["farm"])
    networks = _compose()["networks"]
    assert set(networks) == {"farm", "outside"} and networks["farm"] == {"internal": True}


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_environment(name: str) -> None:
    secrets = set(SERVICES[name]["secrets"])
    told = [*SERVICES[name].get("environment", {}).items(), *((w, w) for w in SERVICES[name].get("command", ()))]
    files = {value.removeprefix("/run/secrets/") for _, value in told if str(value).startswith("/run/secrets/")}
    assert files == secrets and secrets <= set(_compose()["secrets"])
    environment = SERVICES[name].get("environment", {})
    taken = {v.name for section in Configuration.model_fields for v in variables(section).values() if v.is_secret}
    for variable in taken & set(environment):
        assert variable in ("ANCHOR_STORE", "ANCHOR_STORE_ENDPOINT"), "addresses; the keys are in ANCHOR_STORE_OPTIONS"
    assert {key for key in environment if "PASSWORD" in key} <= {"POSTGRES_PASSWORD_FILE"}


def test_make_secrets_makes_what_compose_wants_once(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    wanted = {Path(secret["file"]) for secret in _compose()["secrets"].values()}
    assert {Path("secrets") / path.name for path in made.iterdir()} == wanted
    assert made.stat().st_mode & 0o777 == 0o700, "others of this machine do not get in"
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in made.iterdir()), "the containers' users may read"
    before = {path.name: path.read_text() for path in made.iterdir()}
    password = before["redis.conf"].removeprefix("requirepass ").strip()
    assert re.fullmatch(r"[0-9a-f]{48}", password) and before["redis.url"] == f"redis://:{password}@redis:6379/0\n"
    assert re.fullmatch(r"[0-9a-f]{48}", before["postgres.password"]) and before["postgres.password"] != password
    make_secrets(tmp_path)
    assert {path.name: path.read_text() for path in made.iterdir()} == before


def make_secrets(folder: Path) -> Path:
    """`make secrets` in a folder; gives the folder of them."""
    argv = ("make", "--silent", "-C", str(folder), "-f", str(ROOT / "Makefile"), "secrets")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "secrets"


def test_make_digests_writes_what_the_registry_says(tmp_path: Path) -> None:
    for name in ("Dockerfile", "compose.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "$4" | sha256sum | sed "s/ .*//;s/^/sha256:/"\n')
    docker.chmod(0o755)
    argv = ("make", "--silent", "-C", str(tmp_path), "-f", str(ROOT / "Makefile"), "digests")
    for _ in range(2):
        subprocess.run(argv, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, check=True)
    for name in ("Dockerfile", "compose.yaml"):
        text, was = ((folder / name).read_text(encoding="utf-8") for folder in (tmp_path, ROOT))
        images = re.findall(rf"^(?:FROM| +image:) ({PINNED})", text, re.MULTILINE)
        assert images and all(i.split("@")[1] == f"sha256:{_digest(i.split('@')[0])}" for i in images)
        assert re.sub("@sha256:[0-9a-f]+", "", text) == re.sub("@sha256:[0-9a-f]+", "", was)


def _digest(image: str) -> str:
    return hashlib.sha256(f"{image}\n".encode()).hexdigest()


def test_redis_keeps_what_it_is_told() -> None:
    redis = SERVICES["redis"]
    command = redis["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction", "a queue that forgets loses work"
    assert redis["volumes"] == ["redis:/data"] and "ping" in redis["healthcheck"]["test"][1]
    assert command[:2] == ["redis-server", "/run/secrets/redis.conf"], "its password"


@pytest.mark.parametrize("name", ANCHORS)
def test_every_container_of_ours_sees_the_same_paths(name: str) -> None:
    service = SERVICES[name]
    assert service["environment"] == SERVICES["cpu"]["environment"]
    assert service["volumes"] == SERVICES["cpu"]["volumes"]
    mounts = {
        m.split(":")[-2 if m.endswith(":ro") else -1]: m.endswith(":ro") for m in map(_filled, service["volumes"])
    }
    shelves = service["environment"]["ANCHOR_SHELVES"]
    assert all(mounts[f"{shelves}/{shelf}"] for shelf in ("voices", "avatars", "templates")), "shelves are read-only"
    assert not mounts["/var/cache/anchor"] and not mounts["/var/lib/anchor"]
    named = {m.split(":")[0] for m in service["volumes"]} & set(_compose()["volumes"])
    assert named == {"artifacts", "database"}
    writable = [place for place, fixed in mounts.items() if not fixed]
    for variable in ("ANCHOR_CACHE", "ANCHOR_DATA", "ANCHOR_MODELS", "ANCHOR_LEXICON"):
        assert any(service["environment"][variable].startswith(place) for place in writable), variable


@pytest.mark.parametrize("name", WORKERS)
def test_workers_are_watched_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert "memory" in service["deploy"]["resources"]["limits"]
    assert service["depends_on"] == {"redis": {"condition": "service_healthy"}}
    address = service["command"][service["command"].index("--health") + 1]
    assert address.rpartition(":")[2] in service["healthcheck"]["test"][-1]
    queues = service["command"][service["command"].index("--queues") + 1]
    assert queues == name


def test_the_gpu_worker_has_the_device_for_itself() -> None:
    gpu = SERVICES["gpu"]
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"] and device["count"] == 1
    assert gpu["command"][gpu["command"].index("--concurrency") + 1] == "1"


def test_the_image_installs_what_the_project_offers() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    offered = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    extras = re.search(r"^ARG EXTRAS=(\S+)$", text, re.MULTILINE)
    assert extras is not None and {"espeak", "farm"} <= set(extras[1].split(",")) <= offered
    assert set(SERVICES["gpu"]["build"]["args"]["EXTRAS"].split(",")) <= offered
    assert "anchor-newsroom[${EXTRAS}]" in text
    torch = [line for line in offered_lines("coqui") if line.startswith("torch==")]
    assert [SERVICES["gpu"]["build"]["args"]["TORCH"]] == torch
    pins = {"build", "demo", "image", *SERVICES["gpu"]["build"]["args"]["PINS"].split()}
    assert all((ROOT / "requirements" / f"{name}.txt").is_file() for name in pins)
    assert "ffmpeg fonts-noto-cjk" in text
    user = re.search(r"useradd --uid (\d+)", text)
    assert user is not None and SERVICES["cpu"]["user"] == f"{user[1]}:{user[1]}"
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all("slim" in image and "/" not in image and re.fullmatch(PINNED, image) for image in stages)
    assert len(set(stages)) == 1
    assert text.index("\nUSER anchor") < text.index("\nENTRYPOINT")


def offered_lines(extra: str) -> list[str]:
    """What an extra asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"][extra])


def test_what_the_image_copies_is_let_through() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for name in line.split()}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*" and copied == {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


def test_compose_reads_it_where_it_is_installed() -> None:
    if (
        shutil.which("docker") is None
        or subprocess.run(("docker", "compose", "version"), capture_output=True).returncode
    ):
        pytest.skip("docker compose is not installed")
    argv = ("docker", "compose", "--profile", "*", "config", "--quiet")
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class _Places:
    """The containers' paths and addresses on this machine."""

    def __init__(self, folder: Path, shelf: Path) -> None:
        self.folder = folder
        self.shelf = shelf
        self.redis_port, self.health_port = _free_port(), {name: _free_port() for name in WORKERS}

    def here(self, text: str, service: str = "") -> str:
        """A path or address of a container as it is here."""
        text = _filled(text)
        for place in ("/var/cache/anchor", "/var/lib/anchor"):
            text = text.replace(place, str(self.folder / place.lstrip("/")))
        text = text.replace("/run/secrets/", f"{self.folder}/secrets/")
        text = text.replace("/srv/anchor", str(self.shelf)).replace("redis:6379", f"127.0.0.1:{self.redis_port}")
        port = str(self.health_port.get(service, 9108))
        return text.replace("0.0.0.0:9108", f"127.0.0.1:{port}").replace(":9108/", f":{port}/")

    def environment(self, name: str) -> dict[str, str]:
        """Nothing but what compose.yaml and the image set, and the switch that lets test engines work."""
        given = {key: self.here(str(value)) for key, value in SERVICES[name]["environment"].items()}
        home = str(self.folder / "tmp")
        bare = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin", "HOME": home, "TMPDIR": home}
        return {**bare, **given, "ANCHOR_CHUNK_FRAMES": "60", "ANCHOR_TEST_ENGINES": "1"}

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """The command of a container."""
        argv = [self.here(word, name) for word in SERVICES[name]["command"]]
        if name == "redis":
            argv += ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        else:
            argv = [*ENTRYPOINT, *argv]
        environment = self.environment("cpu" if name == "redis" else name)
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(argv, env=environment, cwd=self.folder / "tmp", stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def healthy(self, name: str) -> bool:
        """What a container's healthcheck says."""
        kind, *words = SERVICES[name]["healthcheck"]["test"]
        words = [self.here(word, name) for word in words]
        argv = words if kind == "CMD" else ["sh", "-c", *words]
        if kind == "CMD-SHELL":
            argv[-1] = argv[-1].replace("redis-cli", f"redis-cli -p {self.redis_port}")
        argv[0] = {"python": sys.executable}.get(argv[0], argv[0])
        environment = self.environment("cpu")
        return subprocess.run(argv, env=environment, capture_output=True, check=False).returncode == 0


ENTRYPOINT = (sys.executable, "-m", "anchor.cli.app")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.media
@pytest.mark.alone
def test_the_containers_commands_make_a_clip(toy_shelf: Path, tmp_path: Path, plates: Path) -> None:
    if shutil.which("redis-server") is None or shutil.which("redis-cli") is None:
        pytest.skip("redis-server is not installed")
    assert re.search(r'^ENTRYPOINT \["anchor"\]$', (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    places = _Places(tmp_path, toy_shelf)
    for folder in ("tmp", "var/cache/anchor", "var/lib/anchor"):
        (tmp_path / folder).mkdir(parents=True)
    address = make_secrets(tmp_path) / "redis.url"
    address.write_text(places.here(address.read_text()))
    settings = settings_from(places.environment("cpu"))
    (settings.cache / "plates").symlink_to(warm_plates(toy_shelf, tmp_path / "plates", plates))
    with places.running("redis"):
        wait_for(lambda: places.healthy("redis"), 20)
        assert not places.healthy("cpu"), "a worker that does not run is not healthy"
        with socket.create_connection(("127.0.0.1", places.redis_port), 5) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")
        with places.running("cpu"), places.running("render"), places.running("gpu"):
            for name in WORKERS:
                wait_for(lambda name=name: places.healthy(name), 60)
            service = open_service(settings)
            job = service.submit(spec_of("大家好。", "爸爸買饅頭，媽媽跑步。")).id
            assert ended(service, job).state is JobState.REVIEW
            argv = (*ENTRYPOINT, *SERVICES["anchor"]["command"])
            done = subprocess.run(argv, env=places.environment("anchor"), capture_output=True, text=True, check=False)
            assert done.returncode == 0 and "jobs" in done.stdout
            result = (*ENTRYPOINT, "jobs", "show", job)
            shown = subprocess.run(
                result, env=places.environment("anchor"), capture_output=True, text=True, check=False
            )
            assert shown.returncode == 0 and "review" in shown.stdout
    assert (tmp_path / "appendonlydir").is_dir(), "the broker's append-only file"
    made = {
        stage for log in ("cpu", "render") for stage in re.findall(r'"stage": "(\w+)"', _log(tmp_path / f"{log}.log"))
    }
    assert {"prepare", "render", "check"} <= made
    assert '"stage": "render"' not in _log(tmp_path / "cpu.log")
    assert "大家好" not in "".join(_log(tmp_path / f"{name}.log") for name in WORKERS)


def _log(path: Path) -> str:
    return path.read_text(encoding="utf-8")
