"""The image without an engine: the Dockerfile's stages, laid out in a clean folder.

What the Dockerfile copies is copied, out of what .dockerignore lets through; what it installs is taken from the
packages of this environment, by the names in the lock file; the commands that it runs on our files are run. So a file
or a package that the application needs and the image lacks is missed here too. What only an engine can do is not done:
the packages are not downloaded, no account is made, and the commands run as whoever runs the tests.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
# Compressing the static files as well as can be takes ten seconds, and nothing here is about how small they are.
QUICKLY = "import brotli, functools; brotli.compress = functools.partial(brotli.compress, quality=1)"
Instruction = tuple[str, str]  # such as ("COPY", "manage.py ./")


def instructions(dockerfile: str) -> Iterator[Instruction]:
    """Each with its continued lines as one; comments are left out."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _space, rest = line.strip().partition(" ")
            yield name.upper(), rest.strip()


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps ``path`` out of the image: the last line that fits it or a folder of it decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().lstrip("!").strip("/")
        if not pattern or line.startswith("#"):
            continue
        expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{expression}(?:/.*)?", path):
            verdict = not line.startswith("!")
    return verdict


@dataclass
class Image:
    """A stage that is being laid out; ``folder`` stands for the root of its file system."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    tops: set[str] = field(default_factory=set)  # the folders under the root that are ours

    def place(self, path: str) -> Path:
        """Where a path of the image lies."""
        return self.folder / os.path.normpath(os.path.join(self.workdir, path)).lstrip("/")

    def moved(self, text: str) -> str:
        """A value or a word of a command with the image's own folders in the place where they lie."""
        expression = rf"(?<![\w.-])/({'|'.join(sorted(self.tops))})(?![\w-])"
        return re.sub(expression, rf"{self.folder}/\1", text)

    def run(self, command: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in the image, with the environment of ``more`` beside its own."""
        return subprocess.run(**self.process(command, **more), capture_output=True, text=True, check=False)

    def process(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What ``subprocess`` must be told; nothing of this environment but its PATH gets in."""
        own = {name: self.moved(value.replace("$PATH", os.defpath)) for name, value in self.env.items()}
        values = own | dict(env or {})
        words = [self.moved(word) for word in command]
        program = shutil.which(words[0], path=values.get("PATH", os.defpath))
        return {"args": [program or words[0], *words[1:]], "env": values, "cwd": self.place(".")}


def build(dockerfile: str, folder: Path) -> Image:
    """The last stage. Raises RuntimeError with what a command said that failed."""
    stages: dict[str, Image] = {}
    image = Image(folder / "none")
    for name, rest in instructions(dockerfile):
        if name == "FROM":
            label = rest.split()[-1]
            image = stages[label] = Image(folder / f"stage{len(stages)}", tops=_tops(dockerfile))
        elif name == "ENV":
            image.env |= dict(word.split("=", 1) for word in shlex.split(rest))
        elif name == "WORKDIR":
            image.workdir = rest
            image.place(".").mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            _copy(image, stages, rest.split())
        elif name == "RUN":
            _run(image, rest)
        elif name == "USER":
            image.user = rest
        elif name == "HEALTHCHECK":
            image.healthcheck = _words(rest.partition("CMD ")[2])
        elif name == "CMD":
            image.command = _words(rest)
    return image


def _tops(dockerfile: str) -> set[str]:
    """The first parts of all paths that the Dockerfile makes: a folder to work in, copied, a new folder or venv."""
    made = r"(?:^WORKDIR\s+|^COPY .*\s|--mode=\d+ |-m venv )/(\w+)"
    return set(re.findall(made, dockerfile, re.MULTILINE))


def _words(text: str) -> list[str]:
    """The exec form, a list in JSON, is also one in Python."""
    words: list[str] = [part[1:-1] for part in re.findall(r'"[^"]*"', text)]
    return words


def _copy(image: Image, stages: Mapping[str, Image], words: list[str]) -> None:
    origin = None
    if words[0].startswith("--from="):
        origin = stages[words.pop(0).removeprefix("--from=")]
    *sources, target = words
    for source in sources:
        place = image.place(target)
        if not origin and (ignored(source) or not (ROOT / source).exists()):
            raise RuntimeError(f"COPY {source}: there is no such file, or .dockerignore keeps it out")
        if origin:
            shutil.move(origin.place(source), place)
            _mend_programs(place / "bin", origin.folder, image.folder)
        elif (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=_ignored_names)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place / Path(source).name if target.endswith("/") else place)


def _ignored_names(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if ignored((Path(folder) / name).relative_to(ROOT).as_posix())}


def _mend_programs(programs: Path, old: Path, new: Path) -> None:
    """A program of a venv names its Python by the whole path, which in the image is the same in both stages."""
    for program in programs.iterdir():
        if not program.is_symlink() and (text := program.read_bytes()).startswith(b"#!"):
            program.write_bytes(text.replace(str(old).encode(), str(new).encode(), 1))


def _run(image: Image, command: str) -> None:
    """Installing and making folders is done here; a command on our own files is run as it stands."""
    for folder in re.findall(r"install --directory .*?--mode=\d+ (/\w+)", command):
        image.place(folder).mkdir(parents=True)
    if found := re.search(r"-m venv (/\w+)", command):
        _make_venv(image, image.place(found[1]), re.findall(r" -r (\S+)", command))
    if "manage.py" in command:
        result = image.run(["sh", "-c", command])
        if result.returncode:
            raise RuntimeError(result.stdout + result.stderr)


def _make_venv(image: Image, venv: Path, locks: list[str]) -> None:
    """A fresh one, which holds the packages of the lock files and nothing else of this environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    packages = next(venv.glob("lib/python*/site-packages"))
    for lock in locks:
        for line in image.place(lock).read_text().splitlines():
            if re.match(r"[a-z0-9]", line):
                wanted = Requirement(line.rstrip(" \\"))
                if wanted.marker is None or wanted.marker.evaluate():
                    _install(distribution(wanted.name), wanted, packages, venv / "bin")
    (packages / "sitecustomize.py").write_text(QUICKLY)


def _install(package: Distribution, wanted: Requirement, packages: Path, programs: Path) -> None:
    """Links, as some thousand files would have to be copied; programs are made anew, as each names its Python."""
    assert wanted.specifier.contains(package.version), f"{wanted} is not what is installed here: {package.version}"
    for file in package.files or []:
        origin = Path(str(package.locate_file(file)))
        target = packages / file.parts[0]
        if file.parts[:1] != ("..",) and not target.exists():
            target.symlink_to(origin.parents[len(file.parts) - 2] if len(file.parts) > 1 else origin)
        elif file.parent.name == "bin" and origin.read_bytes().startswith(b"#!"):
            program = programs / file.name
            program.write_bytes(f"#!{programs / 'python'}".encode() + b"\n" + origin.read_bytes().split(b"\n", 1)[1])
            program.chmod(0o755)
