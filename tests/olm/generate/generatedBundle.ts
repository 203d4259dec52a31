import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parse, stringify } from 'yaml';
import { RIGHTS } from '../../../src/cluster/rights.ts';
import { PRODUCT } from '../../../src/names.ts';
import { render } from '../../chart/chart.ts';
import { BUNDLE_ANNOTATIONS, bundleDockerfile } from './bundleMetadata.ts';
import { CATALOG, renderedCatalog } from './catalog.ts';
import { clusterExtension } from './clusterExtension.ts';
import { clusterServiceVersion } from './clusterServiceVersion.ts';
import { ARCHITECTURES, BUNDLE, CSV_FILE, CSV_NAME } from './names.ts';
import { permissionsOf } from './permissions.ts';
import { serviceOf } from './service.ts';

/** Any would do: a bundle does not know where it will be installed. */
const NAMESPACE = PRODUCT;

/** A console offers a bundle for the architectures that its labels name; what it schedules must keep to them. */
const ON_OUR_ARCHITECTURES = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ARCHITECTURES }] }],
    },
  },
};

/** Quoted also where only older readers, such as Go's, would take a text for something else. */
const yaml = (object: unknown): string =>
  stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });

/** A CSV cannot grant rights by values, so it asks for those of every kind. */
const EVERY_KIND = Object.fromEntries(
  RIGHTS.flatMap(({ when }) =>
    when?.endsWith('.enabled') ? [[when.slice(0, -'.enabled'.length), { enabled: true }]] : [],
  ),
);

/** Every generated file of the bundle and its content as it should be, from the rendered chart. */
export async function generatedBundle(): Promise<Map<string, string>> {
  const manifests = await render(
    { affinity: ON_OUR_ARCHITECTURES, ...EVERY_KIND },
    { name: PRODUCT, namespace: NAMESPACE },
  );
  const bundle = new Map([
    [CSV_FILE, yaml(clusterServiceVersion(manifests, NAMESPACE, createdAt()))],
    [`${BUNDLE}/manifests/${PRODUCT}.service.yaml`, yaml(serviceOf(manifests))],
    [`${BUNDLE}/metadata/annotations.yaml`, yaml({ annotations: BUNDLE_ANNOTATIONS })],
  ]);
  return new Map([
    ...bundle,
    [`${BUNDLE}/bundle.Dockerfile`, bundleDockerfile()],
    [`${BUNDLE}/samples/clusterextension.yaml`, clusterExtension(permissionsOf(manifests, NAMESPACE))],
    [CATALOG, await inFolder(bundle, renderedCatalog)],
  ]);
}

/** When this version's CSV was first made: making it again is no news. */
function createdAt(): string {
  const committed = existsSync(CSV_FILE) ? parse(readFileSync(CSV_FILE, 'utf8')) : undefined;
  if (committed?.metadata?.name === CSV_NAME) return committed.metadata.annotations.createdAt;
  return new Date().toISOString().replace(/\.\d+/, '');
}

/** Gives the files of a bundle to somebody who wants them in a folder. */
async function inFolder<T>(files: ReadonlyMap<string, string>, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-bundle-'));
  try {
    for (const [file, content] of files) {
      const path = join(folder, relative(BUNDLE, file));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
