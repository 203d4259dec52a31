import { envOf } from '../../../src/cli/setting.ts';
import { type Manifest, only } from '../../chart/chart.ts';

const POLICY = 'policy';
/** What Helm says of itself. */
const OF_HELM = ['helm.sh/chart', 'app.kubernetes.io/managed-by'];

interface Named {
  readonly name: string;
}

/** The chart's Deployment as a CSV has it: nothing says Helm, and there is no policy file, since a bundle cannot leave one to be edited. */
export function deploymentOf(manifests: readonly Manifest[]): Record<string, unknown> {
  const { metadata, spec } = only(manifests, 'Deployment');
  const { metadata: podMetadata, spec: pod } = spec.template;
  const [container] = pod.containers;
  const volumes = without(POLICY, pod.volumes);
  const mounts = without(POLICY, container.volumeMounts);
  const { volumes: _, containers: __, ...otherPod } = pod;
  const { volumeMounts: ___, env: ____, ...otherContainer } = container;
  const env = without(envOf(POLICY), container.env);
  return {
    name: metadata.name,
    label: plain(metadata.labels),
    spec: {
      ...spec,
      template: {
        metadata: { ...podMetadata, labels: plain(podMetadata.labels) },
        spec: {
          ...otherPod,
          containers: [
            {
              ...otherContainer,
              ...(env.length > 0 && { env }),
              ...(mounts.length > 0 && { volumeMounts: mounts }),
            },
          ],
          ...(volumes.length > 0 && { volumes }),
        },
      },
    },
  };
}

const without = (name: string, items: readonly Named[] = []): Named[] => items.filter((item) => item.name !== name);

/** Labels without those that speak of Helm. */
export const plain = (labels: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !OF_HELM.includes(key)));
