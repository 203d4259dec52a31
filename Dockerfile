# syntax=docker/dockerfile:1

# Tags, because nobody should have to trust a digest that a file claims: the release resolves both to their digests right before it builds,
# and the provenance records them. A build of your own can do the same: --build-arg RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12@sha256:...
ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

# The bundle is the same for every architecture: it is built once, on the builder's own, and nothing is emulated.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE README.md build.ts bundlePlugins.ts ./
COPY src ./src
ARG REVISION=unknown
ARG CREATED=unknown
# the image's own node: the one among the development dependencies is for machines without
RUN MELTEMI_COMMIT=$REVISION MELTEMI_DATE=$CREATED node build.ts /app

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="meltemi" \
      org.opencontainers.image.description="Keeps the data plane of an Istio mesh up to date" \
      org.opencontainers.image.url="https://github.com/meltemi-mesh/meltemi" \
      org.opencontainers.image.source="https://github.com/meltemi-mesh/meltemi" \
      org.opencontainers.image.documentation="https://github.com/meltemi-mesh/meltemi/blob/main/docs/image.md" \
      org.opencontainers.image.vendor="Meltemi maintainers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /app/ /app/
ENV NODE_ENV=production
# Three quarters of the memory limit are for the heap, whatever the limit is. The chart may say a number instead: --max-old-space-size=192
# A scan reads much and keeps little, so a small place for new objects is enough: V8 keeps what it has once made of it.
ENV NODE_OPTIONS="--max-old-space-size-percentage=75 --max-semi-space-size=2"
# What is freed goes back to the system: one arena for all threads, and large pieces and the rest of it are not kept for later.
ENV MALLOC_ARENA_MAX=1
ENV MALLOC_MMAP_THRESHOLD_=131072
ENV MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
# a number: runAsNonRoot cannot check a name
USER 65532:65532
# the entrypoint of the base is node; there is no shell
CMD ["/app/meltemi.js", "run"]
