import type { ConfigDifference } from '../compare/configDifference.ts';
import { excerpt } from '../excerpt.ts';

/** Differences that are shown of one group of pods. */
const SHOWN = 20;
const LONGEST_PATH = 100;
const LONGEST_VALUE = 300;

/** Fields that may hold secrets: values of variables, and words of commands. */
const MAY_BE_SECRET = /^(?:env\[|args|command|(?:lifecycle|\w+Probe)\.)/;

/**
 * The differences of a sidecar's configuration, a line for each: `resources.limits.cpu: 2, expected 1`. They are not escaped. Of a field
 * that may hold secrets, only what the injector itself has written is shown.
 * @param isOwn whether the injector alone has written what it answers; not if the pod template customizes the container
 */
export function differenceWords(differences: readonly ConfigDifference[], isOwn: boolean): string[] {
  const lines = differences.slice(0, SHOWN).map(({ path, wanted, actual }) => {
    const mayBeSecret = MAY_BE_SECRET.test(path);
    const has = actual === undefined ? 'not set' : mayBeSecret ? 'another value' : valueWord(actual);
    const expected = mayBeSecret && !isOwn ? 'another value than that of the pod' : valueWord(wanted);
    return `${excerpt(path, LONGEST_PATH)}: ${has}, expected ${expected}`;
  });
  const more = differences.length - lines.length;
  return more > 0 ? [...lines, `… and ${more} more`] : lines;
}

const valueWord = (value: unknown): string =>
  excerpt(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), LONGEST_VALUE);
