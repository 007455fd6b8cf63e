"""The image holds what the site needs: built, prepared and served from nothing but what the Dockerfile takes."""

import http.client
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployment import container
from tests.deployment.conftest import HOST, SETTINGS, free_port, prepare_command, serving
from tests.deployment.container import ROOT, Image

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("image")]  # what they share is made once

DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Every module that our code imports, also within functions, is there. Printed are those that are not.
IMPORTS = """
import ast, importlib.util, pathlib
names = set()
for path in pathlib.Path().rglob("*.py"):
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
print(*sorted(name for name in {name.split(".")[0] for name in names} if importlib.util.find_spec(name) is None))
"""


def page(port: int, path: str) -> tuple[int, str]:
    """As the front asks for it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": HOST, "X-Forwarded-Proto": "https"})
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, text


def shows_the_policy(port: int) -> None:
    status, text = page(port, "/privatuma-politika/")
    assert status == 200
    assert "apņemas aizsargāt" in text, "the shipped text"
    assert "Sīkdatņu iestatījumi" in text, "a translation"
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', text):
        assert re.search(r"\.[0-9a-f]{12}\.", address), "collected"
        assert page(port, address)[0] == 200, address


def test_the_image_serves_the_policy(running: int) -> None:
    assert page(running, "/healthz/ready") == (200, "ok")
    shows_the_policy(running)
    assert page(running, "/admin/login/")[0] == 200


def test_the_image_holds_every_package_that_is_imported_and_none_of_the_tests(image: Image) -> None:
    assert image.run(["python", "-c", IMPORTS]).stdout.split() == []
    assert image.run(["python", "-c", "import pytest"]).returncode == 1, "nothing of this environment gets in"


def test_the_health_check_of_the_image_tells_a_running_site_from_none(prepared: Image, running: int) -> None:
    assert prepared.healthcheck[0] == "python"
    assert prepared.run(prepared.healthcheck, env={"PORT": str(running)}).returncode == 0
    assert prepared.run(prepared.healthcheck, env={"PORT": str(free_port())}).returncode == 1


def test_the_daily_commands_run_in_the_image(prepared: Image) -> None:
    result = prepared.run(["python", "manage.py", "run_daily"], env=SETTINGS)
    assert result.returncode == 0, result.stderr
    assert "The log holds: 0 seals" in result.stdout


def test_the_files_for_the_front_are_handed_over_and_those_of_earlier_releases_stay(prepared: Image) -> None:
    (handed,) = prepared.place("/static").glob("css/site.*.css")
    assert handed.with_name(handed.name + ".br").exists()
    earlier = prepared.place("/static/css/site.0123456789ab.css")
    earlier.write_text("")
    hand_over = prepare_command()[-1].rpartition("&&")[2]
    assert prepared.run(["sh", "-c", hand_over]).returncode == 0, "it can be repeated"
    assert earlier.exists()


def test_the_site_writes_nowhere_but_where_its_account_may(prepared: Image, running: int) -> None:
    shows_the_policy(running)
    assert prepared.user == "10001:10001", "not root"
    handed = min(path.stat().st_ctime_ns for path in prepared.place("/static").iterdir())  # all of the build was before
    program = [path for path in prepared.place("/site").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(program) > 500
    assert [path for path in program if path.stat().st_mtime_ns > handed] == []


def test_a_missing_app_stops_the_build(tmp_path: Path) -> None:
    line = "\nCOPY privacy privacy\n"
    assert line in DOCKERFILE
    with pytest.raises(RuntimeError, match="No module named 'privacy'"):
        container.build(DOCKERFILE.replace(line, "\n"), tmp_path)


def test_a_file_that_dockerignore_keeps_out_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"COPY README\.md: "):
        container.build("FROM x\nCOPY README.md ./\n", tmp_path)


@contextmanager
def set_aside(path: Path) -> Iterator[None]:
    """As if the image had never got it."""
    aside = path.with_name(f"{path.name}-aside")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


def test_a_missing_package_is_noticed(image: Image) -> None:
    (package,) = image.place("/venv").glob("lib/python*/site-packages/segno")
    with set_aside(package):
        assert image.run(["python", "-c", IMPORTS]).stdout.split() == ["segno"]


@pytest.mark.parametrize("folder", ["templates", "locale"])
def test_a_missing_folder_is_noticed(prepared: Image, folder: str) -> None:
    port = free_port()
    # Without its templates the site has not even a page for the error, and ends the connection.
    fails = pytest.raises((AssertionError, http.client.RemoteDisconnected))
    with set_aside(prepared.place(folder)), fails, serving(prepared, port, subprocess.DEVNULL):
        shows_the_policy(port)
