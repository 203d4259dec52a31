/** The groups of https://keepachangelog.com/en/1.1.0/, in its order, as Artifact Hub calls them. */
export const GROUPS = {
  Added: 'added',
  Changed: 'changed',
  Deprecated: 'deprecated',
  Removed: 'removed',
  Fixed: 'fixed',
  Security: 'security',
} as const;

export type Group = keyof typeof GROUPS;

/** What changed in one version. */
export interface Section {
  /** `Unreleased`, or a version. */
  readonly version: string;
  /** YYYY-MM-DD; absent for what is not released. */
  readonly date?: string;
  /** Each change as Markdown on one line, in the order of the file. */
  readonly changes: readonly { readonly group: Group; readonly text: string }[];
}

export const UNRELEASED = 'Unreleased';

/** What a line can be: the first that fits. */
const LINES: readonly [form: RegExp, take: (open: Open, words: readonly string[]) => boolean][] = [
  [/^$|^\[[^\]]+\]: \S+$/, () => true],
  [/^### (.+)$/, (open, [, name = '']) => name in GROUPS && open.begin(name as Group)],
  [/^- (.+)$/, (open, [, text = '']) => open.add(text)],
  [/^ {2}(\S.*)$/, (open, [, text = '']) => open.goOn(text)],
];

/** A section while it is read. What is out of place returns false. */
class Open {
  readonly changes: { group: Group; text: string }[] = [];
  #group: Group | undefined;

  begin(group: Group): true {
    this.#group = group;
    return true;
  }

  add(text: string): boolean {
    if (this.#group) this.changes.push({ group: this.#group, text });
    return this.#group !== undefined;
  }

  goOn(text: string): boolean {
    const last = this.changes.at(-1);
    if (last) last.text += ` ${text}`;
    return last !== undefined;
  }
}

const HEADING = /^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/;

/**
 * Reads a changelog in the form of Keep a Changelog, the newest version first. What comes before the first version is not read.
 * @throws {Error} naming the line that has another form
 */
export function changelog(text: string): Section[] {
  const sections: Section[] = [];
  let open: Open | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, version, date] = HEADING.exec(line) ?? [];
    if (version !== undefined) {
      open = new Open();
      sections.push({ version, ...(date && { date }), changes: open.changes });
    } else if (open && !takes(open, line))
      throw new Error(`line ${index + 1} of the changelog is no version, group or change: ${line}`);
  }
  return sections;
}

function takes(open: Open, line: string): boolean {
  for (const [form, take] of LINES) {
    const words = form.exec(line);
    if (words) return take(open, words);
  }
  return false;
}

/**
 * The section of a version. Until it has one, its changes are those that are not released.
 * @throws {Error} naming the versions that there are
 */
export function sectionOf(sections: readonly Section[], version: string, orUnreleased = false): Section {
  const wanted = orUnreleased ? [version, UNRELEASED] : [version];
  const found = wanted.flatMap((name) => sections.find((one) => one.version === name) ?? [])[0];
  if (found) return found;
  throw new Error(`the changelog has no version ${version}; it has ${sections.map((one) => one.version).join(', ')}`);
}
