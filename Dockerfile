# One image for every worker and for the command line; compose.yaml says what each container runs.
FROM python:3.12-slim-bookworm AS wheel
WORKDIR /src
RUN pip install --no-cache-dir build
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md ./
COPY anchor anchor
COPY workers workers
COPY voices voices
COPY avatars avatars
COPY templates templates
RUN python -m build --wheel --outdir /wheels

FROM python:3.12-slim-bookworm
# libgl1 and libglib2.0-0: what OpenCV is linked with.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg fonts-noto-cjk libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*
ARG EXTRAS=espeak,kokoro,farm,s3,postgres
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir "anchor-newsroom[${EXTRAS}] @ file://$(ls /wheels/*.whl)"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp anchor \
 && install -d -o anchor -g anchor /var/cache/anchor /var/lib/anchor
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp XDG_CACHE_HOME=/var/cache XDG_DATA_HOME=/var/lib
USER anchor
WORKDIR /tmp
ENTRYPOINT ["anchor"]
CMD ["--help"]
