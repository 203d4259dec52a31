#!/usr/bin/env bash
# Installs, by Istio's own charts, the three revisions that the live scenarios need: "default" and "canary" of one
# version, "next" of a newer one. It works on any cluster that KUBECONFIG leads to and that has no Istio yet.
set -euo pipefail

CHARTS=${ISTIO_CHARTS:-https://istio-release.storage.googleapis.com/charts}
IFS=, read -r VERSION NEXT _ <<< "${E2E_ISTIO_VERSIONS:-1.30.2,1.31.0,1.30.1}"

chart() { # release chart version [values…]
  local release=$1 chart=$2 version=$3
  shift 3
  helm install "$release" "$chart" --repo "$CHARTS" --version "$version" --namespace istio-system --create-namespace \
    --wait --timeout 5m "$@"
}

istiod() { # release version [values…]
  local release=$1 version=$2
  shift 2
  # small, so that three of them and some dozens of sidecars fit into one machine
  chart "$release" istiod "$version" --set autoscaleEnabled=false \
    --set resources.requests.cpu=50m --set resources.requests.memory=128Mi \
    --set global.hub=docker.io/istio --set "global.tag=$version" \
    --set global.proxy.resources.requests.cpu=5m --set global.proxy.resources.requests.memory=32Mi "$@"
}

chart istio-base base "$NEXT" --set defaultRevision=default
istiod istiod "$VERSION"
istiod istiod-canary "$VERSION" --set revision=canary
istiod istiod-next "$NEXT" --set revision=next
