# Made by npm run bundle. Build it in this folder: the manifests are all there is in it.
FROM scratch
LABEL operators.operatorframework.io.bundle.mediatype.v1=registry+v1
LABEL operators.operatorframework.io.bundle.manifests.v1=manifests/
LABEL operators.operatorframework.io.bundle.metadata.v1=metadata/
LABEL operators.operatorframework.io.bundle.package.v1=meltemi
LABEL operators.operatorframework.io.bundle.channels.v1="candidate,stable"
LABEL operators.operatorframework.io.bundle.channel.default.v1=stable
LABEL operators.operatorframework.io.test.mediatype.v1=scorecard+v1
LABEL operators.operatorframework.io.test.config.v1=tests/scorecard/
LABEL org.opencontainers.image.title=meltemi-bundle
LABEL org.opencontainers.image.description="Keeps the data plane of an Istio mesh up to date by restarting, safely, the workloads whose sidecar is outdated"
LABEL org.opencontainers.image.source=https://github.com/meltemi-mesh/meltemi
LABEL org.opencontainers.image.version=0.1.0
LABEL org.opencontainers.image.licenses=Apache-2.0
COPY manifests /manifests/
COPY metadata /metadata/
COPY tests/scorecard /tests/scorecard/
