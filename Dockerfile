# The bot as a container: no root, nothing to write but /data and a /tmp in memory.
#   docker run --read-only --tmpfs /tmp -v walkback:/data --env-file .env walkback

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/build.lock requirements/container.lock requirements/
RUN python3 -m venv /opt/walkback \
 && /opt/walkback/bin/python -m pip install --require-hashes -r requirements/container.lock \
 && python3 -m venv /opt/build \
 && /opt/build/bin/python -m pip install --require-hashes -r requirements/build.lock
COPY . .
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /dist . \
 && /opt/walkback/bin/python -m pip install --no-deps --no-index /dist/*.whl \
 && /opt/walkback/bin/python -m pip uninstall --yes pip

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="walkback" \
      org.opencontainers.image.description="Alerts a desk when somebody's line on record moves" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 walkback \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin walkback \
 && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/walkback /opt/walkback
ENV PATH=/opt/walkback/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    ORT_DISABLE_TELEMETRY=1 \
    WALKBACK_DATA_DIR=/data \
    WALKBACK_LOG_FORMAT=json \
    WALKBACK_WEB_PORT=8080 \
    WALKBACK_WEB_BIND=0.0.0.0
WORKDIR /data
VOLUME /data
EXPOSE 8080
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=90s --retries=3 CMD ["walkback", "health"]
ENTRYPOINT ["walkback"]
CMD ["run"]
