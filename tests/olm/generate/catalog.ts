import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { BUNDLE_IMAGE, CSV_NAME } from './names.ts';
import { opm } from './opm.ts';

/** A blob of a file-based catalog: the package, a channel or a bundle. */
export interface Blob {
  readonly schema: string;
  readonly name?: string;
  readonly image?: string;
  readonly [field: string]: unknown;
}

export const TEMPLATE = 'olm-bundle/catalog/template.yaml';
export const CATALOG = 'olm-bundle/catalog/meltemi/catalog.yaml';

export const blobsOf = (text: string): Blob[] =>
  parseAllDocuments(text).flatMap((document) => (document.toJS() as Blob | null) ?? []);

/**
 * The catalog as `opm alpha render-template basic` makes it of the template, but without a registry: the bundle of this version is read
 * from its folder, and those of earlier ones stay as they were when they were published.
 * @param bundle folder with the bundle of this version
 */
export async function renderedCatalog(bundle: string): Promise<string> {
  const { entries } = parse(readFileSync(TEMPLATE, 'utf8')) as { entries: readonly Blob[] };
  const published = blobsOf(readFileSync(CATALOG, 'utf8'));
  const own = await renderedBundle(bundle);
  const blobs = entries.map((entry) => {
    if (entry.schema !== 'olm.bundle') return entry;
    if (entry.image === BUNDLE_IMAGE) return own;
    const earlier = published.find(({ schema, image }) => schema === entry.schema && image === entry.image);
    if (!earlier) throw new Error(`${TEMPLATE} names ${entry.image}, which is neither ${CSV_NAME} nor in ${CATALOG}`);
    return earlier;
  });
  return blobs.map((blob) => `---\n${stringify(blob, { lineWidth: 0 })}`).join('');
}

async function renderedBundle(bundle: string): Promise<Blob> {
  const image = ['--alpha-image-ref-template', BUNDLE_IMAGE];
  const [blob] = blobsOf(
    await opm('render', bundle, '--output', 'yaml', '--migrate-level', 'bundle-object-to-csv-metadata', ...image),
  );
  if (!blob) throw new Error(`opm renders nothing of ${bundle}`);
  return blob;
}
