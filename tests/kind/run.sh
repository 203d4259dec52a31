#!/usr/bin/env bash
# Runs the live scenarios on a kind cluster, which is made for them and deleted afterwards, however they end.
# It needs Docker, kind, kubectl, Helm and, for a route to the cluster's Services, Linux and sudo. README.md says more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

NAME=${KIND_NAME:-meltemi-e2e}
# of kind's release notes: https://github.com/kubernetes-sigs/kind/releases
NODE_IMAGE=${KIND_NODE_IMAGE:-kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed}
IMAGE=meltemi:e2e
SERVICES=10.123.0.0/16

if kind get clusters 2> /dev/null | grep -qx "$NAME"; then
  echo "there is a kind cluster $NAME already: delete it, or give another KIND_NAME" >&2
  exit 1
fi

work=$(mktemp -d)
export KUBECONFIG=$work/kubeconfig
node=

cleanup() {
  local status=$?
  if [ "$status" -ne 0 ] && [ -n "${KIND_LOGS:-}" ]; then kind export logs "$KIND_LOGS" --name "$NAME" || true; fi
  if [ -n "$node" ]; then sudo ip route del "$SERVICES" via "$node" || true; fi
  kind delete cluster --name "$NAME" || true
  rm -rf "$work"
  exit "$status"
}
trap cleanup EXIT
# so that the cluster is deleted after a signal too
trap 'exit 130' INT
trap 'exit 143' TERM

kind create cluster --name "$NAME" --image "$NODE_IMAGE" --config tests/kind/cluster.yaml --wait 3m

# The operator of a scenario runs on this machine and asks istiod at the address of its Service, as an operator in the cluster does.
address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$NAME-control-plane")
sudo ip route add "$SERVICES" via "$address"
node=$address

tests/kind/istio.sh

# The image and the chart, once: the operator comes up in a pod, finds the mesh, and leaves.
docker build --tag "$IMAGE" .
kind load docker-image "$IMAGE" --name "$NAME"
helm install meltemi helm --namespace meltemi --create-namespace --wait --timeout 3m \
  --set "image.repository=${IMAGE%:*}" --set "image.tag=${IMAGE#*:}" --set image.pullPolicy=Never
timeout 120 bash -c 'until kubectl --namespace meltemi logs deployment/meltemi | grep -q "Scanned"; do sleep 2; done'
helm uninstall meltemi --namespace meltemi --wait

E2E_KUBECONFIG=$KUBECONFIG E2E_ISTIO_UPGRADE=1 make test-live
