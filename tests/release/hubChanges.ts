import { stringify } from 'yaml';
import { GROUPS, type Section } from './changelog.ts';

/** A change as Artifact Hub shows it: its text has no Markdown. */
interface HubChange {
  readonly kind: string;
  readonly description: string;
}

/** The annotation `artifacthub.io/changes` of a version (https://artifacthub.io/docs/topics/annotations/helm/). */
export const hubChanges = ({ changes }: Section): string =>
  stringify(
    changes.map(({ group, text }): HubChange => ({ kind: GROUPS[group], description: plain(text) })),
    { lineWidth: 0 },
  );

/** The words of links, and of code without its marks. */
const plain = (text: string): string => text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
