FROM python:3.11-slim-bookworm AS builder

WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock


FROM python:3.11-slim-bookworm

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=524288 \
    DATABASE_URL=sqlite:////data/db.sqlite3

# /data (SQLite) and /static (files handed to a front) are all that the account of the site may write to, beside its home.
RUN useradd --uid 10001 --user-group --no-log-init --create-home site \
    && install --directory --owner=site --group=site --mode=0700 /data \
    && install --directory --owner=site --group=site --mode=0755 /static

COPY --from=builder /venv /venv
WORKDIR /site
COPY manage.py gunicorn.conf.py ./
COPY ossnet_site ossnet_site
COPY privacy privacy
COPY consent consent
COPY templates templates
COPY static static
COPY locale locale

# The settings ask for keys. These are gone with the command and sign nothing.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    CONSENT_SIGNING_KEYS="$(python -c 'import secrets; print(secrets.token_urlsafe(32))')" \
    python manage.py collectstatic --no-input

# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/healthz/live' % os.environ.get('PORT', '8000'), timeout=3)"]
CMD ["gunicorn", "--config", "gunicorn.conf.py", "ossnet_site.wsgi"]
