import { join } from 'node:path/posix';
import { HOME_PAGE } from '../../src/names.ts';
import { changelog, GROUPS, type Group, sectionOf } from './changelog.ts';

export interface ReleaseFiles {
  /** CHANGELOG.md. */
  readonly changes: string;
  /** docs/upgrading.md. */
  readonly upgrading: string;
}

/**
 * The text of a release: what changed, what to do when upgrading, and where the rest is.
 * @throws {Error} for a version that the changelog does not have
 */
export function releaseNotes(version: string, { changes, upgrading }: ReleaseFiles): string {
  const section = sectionOf(changelog(changes), version);
  const groups = (Object.keys(GROUPS) as Group[]).flatMap((group) => {
    const texts = section.changes
      .filter((one) => one.group === group)
      .map(({ text }) => `- ${absolute(text, version, '.')}`);
    return texts.length > 0 ? [`## ${group}\n\n${texts.join('\n')}`] : [];
  });
  const todo = upgradeNotes(upgrading, version);
  const upgrade = todo === undefined ? [] : [`## Upgrading\n\n${absolute(todo, version, 'docs')}`];
  const links = ['[Install](install.md)', '[upgrade](upgrading.md)', '[verify the image](image.md#verify-it)'];
  const end = `${absolute(links.join(', '), version, 'docs')}.`;
  return `${[...groups, ...upgrade, end].join('\n\n')}\n`;
}

/** What the page about upgrades says of a version; undefined if it says nothing. */
export function upgradeNotes(upgrading: string, version: string): string | undefined {
  const [, notes] = upgrading.split(/^## /m).flatMap((part) => (part.startsWith(`${version}\n`) ? ['', part] : []));
  return notes?.slice(version.length + 1).trim();
}

const tagOf = (version: string): string => (/^\d/.test(version) ? `v${version}` : 'main');

/** Links of a file in a folder of the repository, as they lead there from everywhere. */
const absolute = (text: string, version: string, folder: string): string =>
  text.replace(
    /\]\((?!https?:|#)([^)]+)\)/g,
    (_, target: string) => `](${HOME_PAGE}/blob/${tagOf(version)}/${join(folder, target)})`,
  );
