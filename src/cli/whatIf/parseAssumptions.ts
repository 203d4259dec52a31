import { InvalidArgumentError } from 'commander';
import { type Assumption, assumptionText } from '../../expect/assumption.ts';
import { closest } from '../closest.ts';
import { LABEL_KEY, LABEL_VALUE } from '../labelSelector.ts';
import { NAMESPACE_NAME, parseDialAddress } from '../settingParsers.ts';

/** The forms of an assumption, with an example of each. */
export const ASSUMPTION_FORMS = {
  tag: 'tag prod=canary',
  label: 'label namespace/shop istio.io/rev=canary',
  injector: 'injector default=127.0.0.1:15018',
} as const;

type Kind = keyof typeof ASSUMPTION_FORMS;
const KINDS = Object.keys(ASSUMPTION_FORMS) as Kind[];

const LONGEST = 4000;
/** Assumptions of one plan. */
const MOST = 100;
/** What is quoted of a wrong one. */
const QUOTED = 80;

const isName = new RegExp(`^${NAMESPACE_NAME}$`);
/** A tag and a revision are label values and parts of object names. */
const NAME_RULE = 'use lower-case letters, digits and dashes, at most 63';
const NAMESPACE = /^(?:namespaces?|ns)\/(.*)$/;
/** The API server sets it to the name of the namespace whatever is written (kubernetes pkg/apis/core/v1/defaults.go). */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * Reads assumptions, several of them separated by semicolons. An empty text is none.
 * @throws {InvalidArgumentError} naming the wrong part, and what would be right
 */
export function parseAssumptions(text: string): readonly Assumption[] {
  if (text.length > LONGEST) throw new InvalidArgumentError(`It must have at most ${LONGEST} characters.`);
  const parts = text.split(';').map((part) => part.trim());
  return combined([], parts.filter(Boolean).flatMap(assumptionsIn));
}

/**
 * Adds assumptions to others. What is assumed twice counts once.
 * @throws {InvalidArgumentError} when the same thing is assumed in two ways
 */
export function combined(before: readonly Assumption[], added: readonly Assumption[]): readonly Assumption[] {
  const all = new Map(before.map((one) => [subjectOf(one), one]));
  for (const one of added) {
    const other = all.get(subjectOf(one));
    if (other && assumptionText(other) !== assumptionText(one))
      throw new InvalidArgumentError(
        `It must not contradict another assumption: "${assumptionText(other)}" and "${assumptionText(one)}" are about the same thing.`,
      );
    all.set(subjectOf(one), one);
  }
  if (all.size > MOST) throw new InvalidArgumentError(`It must be at most ${MOST} assumptions.`);
  return [...all.values()];
}

/** What an assumption is about. */
function subjectOf(one: Assumption): string {
  switch (one.kind) {
    case 'tag':
      return `tag ${one.tag}`;
    case 'label':
      return `label ${one.namespace} ${one.key}`;
    case 'injector':
      return `injector ${one.revision}`;
  }
}

function assumptionsIn(text: string): Assumption[] {
  const [kind = '', ...words] = text.split(/\s+/);
  switch (kind) {
    case 'tag':
      return [tagIn(text, words)];
    case 'label':
      return labelsIn(text, words);
    case 'injector':
      return [injectorIn(text, words)];
    default: {
      const meant = closest(kind, KINDS);
      throw wrong(`"${kind.slice(0, QUOTED)}" cannot be assumed${meant ? `; did you mean ${meant}?` : ''}`);
    }
  }
}

function tagIn(text: string, words: readonly string[]): Assumption {
  const [tag, revision] = pair('tag', text, words, 'TAG=REVISION');
  return { kind: 'tag', tag: named(tag, 'tag', 'tag'), revision: named(revision, 'revision', 'tag') };
}

function injectorIn(text: string, words: readonly string[]): Assumption {
  const [revision, where] = pair('injector', text, words, 'REVISION=HOST:PORT');
  return { kind: 'injector', revision: named(revision, 'revision', 'injector'), address: addressIn(where) };
}

function addressIn(where: string): { readonly host: string; readonly port: number } {
  try {
    const address = parseDialAddress(where);
    if (address) return address;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
  }
  throw wrong(`"${where.slice(0, QUOTED)}" is not an address: give host:port`, ['injector']);
}

/** The one `a=b` of an assumption. */
function pair(kind: Kind, text: string, words: readonly string[], form: string): [string, string] {
  const [word = '', ...others] = words;
  const at = word.indexOf('=');
  if (at > 0 && others.length === 0) return [word.slice(0, at), word.slice(at + 1)];
  throw wrong(`"${text.slice(0, QUOTED)}" is not ${kind} ${form}`, [kind]);
}

function named(name: string, what: string, kind: Kind): string {
  if (isName.test(name)) return name;
  throw wrong(`"${name.slice(0, QUOTED)}" is not the name of a ${what}: ${NAME_RULE}`, [kind]);
}

/** Labels as `kubectl label` takes them: `key=value` sets one, `key-` removes it. */
function labelsIn(text: string, [object = '', ...labels]: readonly string[]): Assumption[] {
  const [, namespace] = NAMESPACE.exec(object) ?? [];
  if (namespace === undefined)
    throw wrongLabel(
      `"${object.slice(0, QUOTED)}" is not namespace/NAME. Only labels of namespaces can be assumed: ` +
        'a workload whose pod template changes is rolled out by its own controller',
    );
  const name = named(namespace, 'namespace', 'label');
  if (labels.length === 0)
    throw wrongLabel(`"${text.slice(0, QUOTED)}" names no label: add key=value, or key- to remove it`);
  return labels.map((label) => ({ kind: 'label', namespace: name, ...labelIn(label) }));
}

function labelIn(label: string): { readonly key: string; readonly value?: string } {
  const at = label.indexOf('=');
  const removed = at < 0 && label.endsWith('-');
  if (at < 0 && !removed)
    throw wrongLabel(`"${label.slice(0, QUOTED)}" is not a label: give key=value, or key- to remove it`);
  const key = removed ? label.slice(0, -1) : label.slice(0, at);
  if (!LABEL_KEY.test(key))
    throw wrongLabel(`"${key.slice(0, QUOTED)}" is not a label key: use letters, digits, dashes, underscores and dots`);
  if (key === NAME_LABEL) throw wrongLabel(`the label ${key} is always the name of the namespace`);
  const value = label.slice(at + 1);
  if (removed) return { key };
  if (LABEL_VALUE.test(value)) return { key, value };
  throw wrongLabel(
    `"${value.slice(0, QUOTED)}" is not a label value: use letters, digits, dashes, underscores and dots, at most 63`,
  );
}

const wrongLabel = (problem: string): InvalidArgumentError => wrong(problem, ['label']);

/** @param kinds those of which an example is given */
const wrong = (problem: string, kinds: readonly Kind[] = KINDS): InvalidArgumentError =>
  new InvalidArgumentError(
    `It must be an assumption such as ${kinds.map((kind) => `"${ASSUMPTION_FORMS[kind]}"`).join(' or ')}: ${problem}.`,
  );
