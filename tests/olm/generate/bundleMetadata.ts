import { HOME_PAGE, PRODUCT } from '../../../src/names.ts';
import { CHANNELS, CHART, DEFAULT_CHANNEL } from './names.ts';

const OPERATORS = 'operators.operatorframework.io';

/** What the bundle says of itself, in metadata/annotations.yaml and as labels of its image alike. */
export const BUNDLE_ANNOTATIONS: Readonly<Record<string, string>> = {
  [`${OPERATORS}.bundle.mediatype.v1`]: 'registry+v1',
  [`${OPERATORS}.bundle.manifests.v1`]: 'manifests/',
  [`${OPERATORS}.bundle.metadata.v1`]: 'metadata/',
  [`${OPERATORS}.bundle.package.v1`]: PRODUCT,
  [`${OPERATORS}.bundle.channels.v1`]: CHANNELS.join(','),
  [`${OPERATORS}.bundle.channel.default.v1`]: DEFAULT_CHANNEL,
  [`${OPERATORS}.test.mediatype.v1`]: 'scorecard+v1',
  [`${OPERATORS}.test.config.v1`]: 'tests/scorecard/',
};

const IMAGE_LABELS = {
  'org.opencontainers.image.title': `${PRODUCT}-bundle`,
  'org.opencontainers.image.description': CHART.description,
  'org.opencontainers.image.source': HOME_PAGE,
  'org.opencontainers.image.version': CHART.version,
  'org.opencontainers.image.licenses': 'Apache-2.0',
};

export function bundleDockerfile(): string {
  const labels = Object.entries({ ...BUNDLE_ANNOTATIONS, ...IMAGE_LABELS });
  return `${[
    '# Made by npm run bundle. Build it in this folder: the manifests are all there is in it.',
    'FROM scratch',
    ...labels.map(([key, value]) => `LABEL ${key}=${/[ ,]/.test(value) ? JSON.stringify(value) : value}`),
    'COPY manifests /manifests/',
    'COPY metadata /metadata/',
    'COPY tests/scorecard /tests/scorecard/',
  ].join('\n')}\n`;
}
