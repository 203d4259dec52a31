import { InvalidArgumentError } from 'commander';
import type { LabelSelector } from '../model.ts';
import type { ListenAddress } from '../report/server.ts';
import { durationPattern, LONGEST_DURATION } from './duration.ts';
import { LABEL_SELECTOR, parseLabelSelector } from './labelSelector.ts';
import { BOTH, type CommandName, RUN, type Setting } from './setting.ts';
import {
  countIn,
  durationIn,
  LISTEN_ADDRESS,
  NAMESPACE_NAME,
  NAMESPACE_PATTERN,
  parseBoolean,
  parseListenAddress,
  parseNames,
  parseNamespacePatterns,
} from './settingParsers.ts';

const GREATEST_COUNT = 999_999;

/** A switch: the flag alone means true. */
export const toggle = (help: string, commands: readonly CommandName[], fallback = false): Setting<boolean> => ({
  help,
  default: String(fallback),
  commands,
  parse: parseBoolean,
});

/** @param min milliseconds */
export const duration = (
  help: string,
  fallback: string,
  commands: readonly CommandName[],
  min = 0,
): Setting<number> => {
  const bounds = { min, max: LONGEST_DURATION };
  const pattern = durationPattern(min);
  return { help, value: 'duration', default: fallback, commands, bounds, pattern, parse: durationIn(bounds) };
};

/** A whole number, from `min` up, for `run` and `plan`. */
export const count = (help: string, fallback: number, min = 1): Setting<number> => {
  const bounds = { min, max: GREATEST_COUNT };
  return { help, value: 'number', default: String(fallback), commands: BOTH, bounds, parse: countIn(bounds) };
};

/** Marks a setting as policy. */
export const policy = <S extends Setting<unknown>>(setting: S): S & { readonly policy: true } => ({
  ...setting,
  policy: true,
});

/** Namespace patterns, for `run` and `plan`. */
export const patterns = (help: string): Setting<readonly string[]> => ({
  help,
  value: 'patterns',
  default: '',
  commands: BOTH,
  list: true,
  pattern: NAMESPACE_PATTERN,
  parse: parseNamespacePatterns,
});

/** The same setting, but it rejects an empty value, which would mean everything. @param right describes a valid value */
export const neverEmpty = <T>(setting: Setting<T>, right: string): Setting<T> => ({
  ...setting,
  unset: { value: setting.parse('') },
  parse: (given) => {
    if (given.replace(/[\s,;]/g, '') !== '') return setting.parse(given);
    throw new InvalidArgumentError(`It must ${right}`);
  },
});

/** A set of namespace names, empty by default, for `run` and `plan`. */
export const names = (help: string): Setting<ReadonlySet<string>> => ({
  help,
  value: 'names',
  default: '',
  commands: BOTH,
  list: true,
  pattern: NAMESPACE_NAME,
  parse: parseNames,
});

/** A label selector as `kubectl -l` takes it; an empty text is none. */
export const selector = (help: string): Setting<LabelSelector | undefined> => ({
  help,
  value: 'selector',
  default: '',
  commands: BOTH,
  pattern: LABEL_SELECTOR,
  parse: (given) => (given === '' ? undefined : parseLabelSelector(given)),
});

/** Any text, empty by default. @param value the placeholder in the help */
export const text = (help: string, value: string, commands: readonly CommandName[]): Setting<string> => ({
  help,
  value,
  default: '',
  commands,
  parse: (given) => given,
});

/** One of several words, the first by default, for `run` and `plan`. */
export const choice = <T extends string>(help: string, words: readonly [T, ...T[]]): Setting<T> => ({
  help: `${help}: ${words.join(' or ')}`,
  value: 'choice',
  default: words[0],
  commands: BOTH,
  words,
  parse: (given) => {
    const word = words.find((known) => known === given);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`It must be ${words.join(' or ')}.`);
  },
});

/** An address to listen on; `0` is none. */
export const address = (help: string, fallback: string): Setting<ListenAddress | undefined> => ({
  help,
  value: 'address',
  default: fallback,
  commands: RUN,
  pattern: LISTEN_ADDRESS,
  parse: parseListenAddress,
});
