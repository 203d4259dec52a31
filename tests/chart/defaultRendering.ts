import { stringify } from 'yaml';
import { VERSION } from '../../src/version.ts';
import { render } from './chart.ts';

/** What the chart renders without values, as a file that reviewers see change. `npm run rendering` writes it. */
export const RENDERING = 'tests/chart/default.yaml';

/** The same, rendered now. The version is left out, as it changes with every release. */
export async function defaultRendering(): Promise<string> {
  const texts = (await render()).map((manifest) => stringify(manifest).replaceAll(VERSION, '<version>'));
  return texts.join('---\n');
}
