# One image for every worker and for the command line; compose.yaml says what each container runs.
FROM python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c AS wheel
WORKDIR /src
COPY requirements requirements
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md ./
COPY anchor anchor
COPY workers workers
COPY voices voices
COPY avatars avatars
COPY templates templates
RUN python -m hatchling build --target wheel --directory /wheels

FROM python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c
# libgl1 and libglib2.0-0: what OpenCV is linked with.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg fonts-noto-cjk libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*
# Every library in its pinned version, held to its hash; then Anchor, which fails where one of EXTRAS is not among them.
ARG PINS="build demo image"
ARG TORCH=""
ARG EXTRAS=espeak,kokoro,farm,s3,postgres
RUN --mount=type=bind,from=wheel,source=/src/requirements,target=/requirements \
    --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    set -e; for pins in ${PINS}; do \
      pip install --no-cache-dir --no-deps --no-build-isolation --require-hashes -r "/requirements/$pins.txt"; \
    done; \
    [ -z "${TORCH}" ] || pip install --no-cache-dir "${TORCH}"; \
    pip install --no-cache-dir --no-index "anchor-newsroom[${EXTRAS}] @ file://$(ls /wheels/*.whl)"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp anchor \
 && install -d -o anchor -g anchor /var/cache/anchor /var/lib/anchor
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp XDG_CACHE_HOME=/var/cache XDG_DATA_HOME=/var/lib
USER anchor
WORKDIR /tmp
ENTRYPOINT ["anchor"]
CMD ["--help"]
