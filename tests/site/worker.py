"""A process of the site whose clocks are set from outside, for ``test_front_under_change``.

Reads a request as JSON from each line of its standard input and writes one line of JSON.
"""

import base64
import io
import json
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import django
import time_machine

from tests import environment

# Seconds on the monotonic clock, as the last request said.
MONOTONIC = [0.0]


class Worker:
    """One database at a time, with the front or without."""

    def __init__(self) -> None:
        self.database = ""
        self.traveller: Any = None

    def __call__(self, request: dict[str, Any]) -> Any:
        self.set_clocks(request)
        self.use(request["database"], anew=request.get("anew", False))
        return getattr(self, request["do"])(**request.get("facts", {}))

    def set_clocks(self, request: dict[str, Any]) -> None:
        moment = datetime.fromtimestamp(request["at"], UTC)
        if self.traveller is None:
            self.traveller = time_machine.travel(moment, tick=False)
            self.clock = self.traveller.start()
            time.monotonic = lambda: MONOTONIC[0]
        self.clock.move_to(moment, tick=False)
        MONOTONIC[0] = request["monotonic"]

    def use(self, database: str, *, anew: bool) -> None:
        from django.core.wsgi import get_wsgi_application
        from django.db import connection

        from consent import disclosures
        from ossnet_site import stamp
        from ossnet_site.front import Front
        from ossnet_site.health import Probes
        from ossnet_site.observing import Observed

        if database != self.database or anew:
            connection.close()
            connection.settings_dict["NAME"] = self.database = database
            disclosures.forget_all()
            stamp.forget()
            self.django = get_wsgi_application()
            front = Front(self.django)
            self.front = Observed(Probes(front, self.django), front)

    def view(self, *, front: bool, **environ: str) -> dict[str, Any]:
        """Answer one request, through the front or as Django alone answers it."""
        body = environ.pop("body", "").encode()
        full = {
            "REQUEST_METHOD": "GET", "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "wsgi.url_scheme": "http", "HTTP_HOST": "localhost", "wsgi.input": io.BytesIO(body), **environ,
        }  # fmt: skip
        if body:
            full |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        begun: list[Any] = []
        application: Any = self.front if front else self.django
        answer = application(full, lambda *args: begun.extend(args))
        try:
            whole = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        headers = [(name, value) for name, value in begun[1] if name != "X-Request-ID"]  # an error's, another each time
        return {"status": int(begun[0][:3]), "headers": headers, "body": base64.b64encode(whole).decode()}

    def prepare(self) -> None:
        from django.core.management import call_command

        for command in ("migrate", "load_policy", "load_registry"):
            call_command(command, stdout=io.StringIO(), verbosity=0)

    def publish(self, *, after: float, is_material: bool) -> float | None:
        """A new version that takes effect after so many seconds, on the whole second; None when it may not."""
        from django.core.exceptions import ValidationError
        from django.utils import timezone

        from privacy.models import PolicyText, PolicyVersion
        from privacy.publishing import Publication, publish

        effect = (timezone.now() + timedelta(seconds=after)).replace(microsecond=0)
        version = PolicyVersion.objects.create(number=PolicyVersion.objects.next_number())
        body = f"<h2>Nodaļa</h2><p>Teksts {version.number}.</p><p>{{{{ cookie_declaration }}}}</p>"
        PolicyText.objects.create(version=version, language="lv", title="Privātuma politika", body=body)
        try:
            publish(version, Publication(effect if after else None, is_material, {"lv": "Jauns teksts."}), by=None)
        except ValidationError:
            return None
        return effect.timestamp() if after else timezone.now().timestamp()

    def cancel(self) -> None:
        from django.db import IntegrityError

        from privacy.models import PolicyVersion
        from privacy.publishing import cancel

        for version in PolicyVersion.objects.scheduled()[:1]:
            with suppress(IntegrityError):  # with the clock put back it would be called back before it was published
                cancel(version)

    def edit(self, *, what: str, category: str, number: int) -> None:
        """What staff can do to the registry."""
        from cookie_consent.models import Cookie, CookieGroup

        from consent.models import CategoryText, CookieDeclaration

        group = CookieGroup.objects.get(varname=category)
        if what == "wording":
            CategoryText.objects.filter(group=group).update(name_lv=f"Nosaukums {number}")
        elif what == "end grants":
            text = CategoryText.objects.get(group=group)
            CategoryText.objects.filter(pk=text.pk).update(epoch=text.epoch + 1)
        elif what == "declare" and not Cookie.objects.filter(name=f"extra{number}", cookiegroup=group).exists():
            cookie = Cookie.objects.create(cookiegroup=group, name=f"extra{number}")
            service = group.services.get().service
            CookieDeclaration.objects.create(
                cookie=cookie, service=service, provider="P", purpose_lv="p", purpose_en="p", duration_lv="d",
                duration_en="d", party="first",
            )  # fmt: skip
        elif what == "remove":
            Cookie.objects.filter(name__startswith="extra", cookiegroup=group).delete()


def main() -> None:
    """Answer until the input ends."""
    environment.pytest_configure()
    django.setup()
    worker = Worker()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(worker(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
