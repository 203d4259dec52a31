import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { HOME_PAGE, PRODUCT } from '../../../src/names.ts';

interface Chart {
  readonly version: string;
  readonly description: string;
  readonly kubeVersion: string;
  readonly keywords: readonly string[];
  readonly maintainers: readonly { readonly name: string }[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** What the chart says of itself is true of the bundle as well. */
export const CHART: Chart = parse(readFileSync('helm/Chart.yaml', 'utf8'));

/** Those of the image. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;

export const BUNDLE = 'olm-bundle';
export const CSV_NAME = `${PRODUCT}.v${CHART.version}`;
export const CSV_FILE = `${BUNDLE}/manifests/${PRODUCT}.clusterserviceversion.yaml`;
export const CHANNELS = ['candidate', 'stable'] as const;
export const DEFAULT_CHANNEL = 'stable';

export const BUNDLE_IMAGE = `ghcr.io${new URL(HOME_PAGE).pathname}-bundle:v${CHART.version}`;
