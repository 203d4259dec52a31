import { readFileSync } from 'node:fs';
import { HOME_PAGE, PRODUCT } from '../../../src/names.ts';
import type { Manifest } from '../../chart/chart.ts';
import { deploymentOf } from './deployment.ts';
import { description } from './description.ts';
import { ARCHITECTURES, CHART, CSV_NAME } from './names.ts';
import { permissionsOf } from './permissions.ts';

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { image: string; env: { name: string; value: string }[] }[] };
    };
  };
}

/**
 * @param manifests the rendered chart
 * @param namespace the one it was rendered for
 * @param createdAt RFC 3339
 */
export function clusterServiceVersion(
  manifests: readonly Manifest[],
  namespace: string,
  createdAt: string,
): Record<string, unknown> {
  const deployment = deploymentOf(manifests);
  const [container] = (deployment as unknown as Deployment).spec.template.spec.containers;
  const { image = '', env = [] } = container ?? {};
  return {
    apiVersion: 'operators.coreos.com/v1alpha1',
    kind: 'ClusterServiceVersion',
    metadata: { name: CSV_NAME, annotations: annotations(image, createdAt), labels: LABELS },
    spec: {
      displayName: DISPLAY_NAME,
      version: CHART.version,
      minKubeVersion: CHART.kubeVersion.replace(/^>=|-0$/g, ''),
      maturity: 'beta',
      provider: { name: 'Meltemi', url: HOME_PAGE },
      maintainers: CHART.maintainers.map(({ name }) => ({ name, email: 'maintainers@meltemi.dev' })),
      keywords: CHART.keywords,
      links: [
        { name: 'Documentation', url: `${HOME_PAGE}#readme` },
        { name: 'Installing', url: `${HOME_PAGE}/blob/main/docs/install.md` },
        { name: 'Source', url: HOME_PAGE },
      ],
      icon: [{ base64data: readFileSync('docs/icon.svg').toString('base64'), mediatype: 'image/svg+xml' }],
      description: description(Object.fromEntries(env.map(({ name, value }) => [name, value]))),
      installModes: ['OwnNamespace', 'SingleNamespace', 'MultiNamespace', 'AllNamespaces'].map((type) => ({
        type,
        supported: type === 'AllNamespaces',
      })),
      customresourcedefinitions: {},
      install: {
        strategy: 'deployment',
        spec: { ...permissionsOf(manifests, namespace), deployments: [deployment] },
      },
      relatedImages: [{ name: PRODUCT, image }],
    },
  };
}

const DISPLAY_NAME = 'Meltemi';

const LABELS = Object.fromEntries(
  [...ARCHITECTURES.map((one) => `arch.${one}`), 'os.linux'].map((one) => [`operatorframework.io/${one}`, 'supported']),
);

const annotations = (image: string, createdAt: string): Record<string, string> => ({
  'alm-examples': '[]',
  capabilities: CHART.annotations['artifacthub.io/operatorCapabilities'] ?? '',
  categories: 'Networking',
  certified: 'false',
  containerImage: image,
  createdAt,
  description: CHART.description,
  repository: HOME_PAGE,
  support: 'Meltemi maintainers',
  'operatorframework.io/suggested-namespace': PRODUCT,
  ...Object.fromEntries(
    Object.entries({
      cnf: false,
      cni: false,
      csi: false,
      // a release names the images by their digests
      disconnected: true,
      'fips-compliant': false,
      'proxy-aware': false,
      'tls-profiles': false,
      'token-auth-aws': false,
      'token-auth-azure': false,
      'token-auth-gcp': false,
    }).map(([feature, value]) => [`features.operators.openshift.io/${feature}`, String(value)]),
  ),
});
