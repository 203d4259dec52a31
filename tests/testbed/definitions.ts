import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Api, ApiObject } from './api.ts';
import { pathOf } from './paths.ts';
import { until } from './until.ts';

const SERVED_MS = 60_000;

interface Definition extends ApiObject {
  readonly kind?: string;
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Creates the CustomResourceDefinitions of a folder, and waits until their kinds are served. */
export async function define(api: Api, folder: string): Promise<void> {
  const documents = readdirSync(folder).flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')));
  const objects = documents.map((document) => document.toJS() as Definition | null);
  const definitions = objects.filter((object) => object?.kind === 'CustomResourceDefinition') as Definition[];
  await Promise.all(definitions.map((definition) => api.create(pathOf('CustomResourceDefinition'), definition)));
  for (const { metadata } of definitions) await established(api, metadata.name);
}

async function established(api: Api, name: string): Promise<void> {
  await until(`the kind ${name} to be served`, SERVED_MS, async () => {
    const found = await api.get<Definition>(pathOf('CustomResourceDefinition', '', name));
    return found.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
  });
}
