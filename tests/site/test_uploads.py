"""Nobody can upload anything: no address takes a file, and none reaches the disk."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from consent.models import ConsentRecord
from privacy.models import PolicyVersion

ADDRESSES = [
    "/",
    "/en/",
    "/kontakti/",
    "/privatuma-politika/",
    "/privatuma-politika/versijas/",
    "/privatuma-politika/versijas/1/",
    "/privatuma-politika/versijas/1.json",
    "/sikdatnes/",
    "/en/cookies/",
    "/sikdatnes/apliecinajums/",
    "/.well-known/gpc.json",
    "/.well-known/security.txt",
    "/none/",
]
# In Latvian and in English.
FORMS_ONLY = ("tikai parastas veidlapas", "only ordinary forms")
TOO_LARGE = ("ir pārāk liels", "is too large")


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where Django would put a file, even a small one."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    return tmp_path


def upload(size: int) -> dict[str, Any]:
    return {"decision": "reject_all", "file": SimpleUploadedFile("evil.php", b"<?php" + b"x" * size)}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("size", "status", "words"), [(100, 415, FORMS_ONLY), (20_000, 413, TOO_LARGE)])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_no_public_address_takes_a_file(
    visitor: Client, folder: Path, address: str, size: int, status: int, words: tuple[str, str], method: str
) -> None:
    body = encode_multipart(BOUNDARY, upload(size))
    response = visitor.generic(method, address, body, content_type=MULTIPART_CONTENT)
    assert response.status_code == status
    assert words[address.startswith("/en/")] in response.content.decode()
    assert not response.cookies
    assert not ConsentRecord.objects.exists()
    assert list(folder.iterdir()) == []


def test_a_static_file_takes_nothing_at_all(visitor: Client, folder: Path) -> None:
    assert visitor.post("/static/css/site.css", upload(20_000)).status_code == 405
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "content_type", ["MULTIPART/FORM-DATA; boundary=x", "multipart/mixed; boundary=x", "multipart/"]
)
def test_the_spelling_makes_no_difference(visitor: Client, content_type: str) -> None:
    assert visitor.post("/sikdatnes/", b"--x--", content_type=content_type).status_code == 415


def test_a_file_sent_to_the_staff_pages_is_dropped(policy_in_force: PolicyVersion, folder: Path) -> None:
    staff = Client()
    staff.force_login(User.objects.create_superuser("staff"))
    for address in ("/admin/login/", "/admin/privacy/policyversion/add/"):
        response = staff.post(address, upload(100_000))
        assert response.status_code < 500
        assert not response.wsgi_request.FILES
    assert list(folder.iterdir()) == []


def test_the_folder_would_fill_if_files_were_taken(folder: Path, settings: Any, admin_client: Client) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
    request = admin_client.post("/admin/privacy/policyversion/add/", upload(100)).wsgi_request
    assert len(request.FILES) == 1
    request.close()
