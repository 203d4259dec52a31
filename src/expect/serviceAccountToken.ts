type Fields = Readonly<Record<string, unknown>>;

/** Where the API server mounts the token (kubernetes plugin/pkg/admission/serviceaccount/admission.go). */
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The beginning of the volume's name. The API server adds random letters. */
const VOLUME = 'kube-api-access-';
const NEW_VOLUME = `${VOLUME}token`;

const tokenVolume = (name: string): Fields => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
});

/**
 * A pod's spec with what the API server adds for its ServiceAccount before it calls webhooks: the name of the account, and its token in
 * each container. Vault's injector rejects pods without a token. Whether the account itself forbids the token is not known.
 */
export function withServiceAccount(spec: Fields): Fields {
  const named = { ...spec, serviceAccountName: spec.serviceAccountName || 'default' };
  const { containers, initContainers, volumes = [], automountServiceAccountToken } = spec;
  const lists = [containers, ...(initContainers === undefined ? [] : [initContainers]), volumes];
  if (automountServiceAccountToken === false || !lists.every(areFields)) return named;
  const known = (volumes as Fields[]).find(({ name }) => typeof name === 'string' && name.startsWith(VOLUME));
  const name = known ? String(known.name) : NEW_VOLUME;
  return {
    ...named,
    containers: (containers as Fields[]).map((one) => withMount(one, name)),
    ...(initContainers !== undefined && {
      initContainers: (initContainers as Fields[]).map((one) => withMount(one, name)),
    }),
    ...(!known && { volumes: [...(volumes as Fields[]), tokenVolume(name)] }),
  };
}

function withMount(container: Fields, name: string): Fields {
  const { volumeMounts = [] } = container;
  if (!areFields(volumeMounts) || volumeMounts.some(({ mountPath }) => mountPath === MOUNT_PATH)) return container;
  return { ...container, volumeMounts: [...volumeMounts, { name, readOnly: true, mountPath: MOUNT_PATH }] };
}

/** A template is opaque, so any of its fields may be missing or have another type. */
const areFields = (value: unknown): value is readonly Fields[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null);
