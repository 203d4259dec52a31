import { InvalidArgumentError } from 'commander';
import type { LabelSelector } from '../model.ts';

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

const LONGEST = 2000;
/** A comma that is not inside the parentheses of `in (a,b)`. */
const BETWEEN = /,(?![^(]*\))/;
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/;
const EXISTENCE = /^(!?)\s*(\S+)$/;

/**
 * Reads a selector as kubectl's `-l` takes it (apimachinery labels/selector.go): `tier=db`, `tier!=db`, `tier in (db,cache)`,
 * `tier notin (db)`, `tier`, `!tier`, joined by commas.
 * @throws {InvalidArgumentError} naming the invalid part
 */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.length > LONGEST)
    throw new InvalidArgumentError(`It must be a label selector of at most ${LONGEST} characters.`);
  const parts = text.split(BETWEEN).map((part) => part.trim());
  return { matchExpressions: parts.map(requirementOf) };
}

function requirementOf(part: string): Requirement {
  const requirement = inSet(part) ?? equal(part) ?? exists(part);
  const wrong = requirement ? requirementProblem(requirement) : `"${part}" is not a requirement`;
  if (requirement && !wrong) return requirement;
  throw new InvalidArgumentError(`It must be a label selector such as tier=db,app in (a,b),!canary: ${wrong}.`);
}

function inSet(part: string): Requirement | undefined {
  const [, key, word, list] = SET.exec(part) ?? [];
  if (key === undefined || list === undefined) return undefined;
  const values = list.split(',').map((value) => value.trim());
  return { key, operator: word === 'in' ? 'In' : 'NotIn', values };
}

function equal(part: string): Requirement | undefined {
  const [, key, sign, value] = EQUALITY.exec(part) ?? [];
  return key === undefined || value === undefined
    ? undefined
    : { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] };
}

function exists(part: string): Requirement | undefined {
  const [, no, key] = EXISTENCE.exec(part) ?? [];
  return key === undefined ? undefined : { key, operator: no ? 'DoesNotExist' : 'Exists' };
}

const KEY = '([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const VALUE = '([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?';
/** A valid key of a label or an annotation (apimachinery util/validation IsQualifiedName). */
export const LABEL_KEY = new RegExp(`^${KEY}$`);
export const LABEL_VALUE = new RegExp(`^${VALUE}$`);

const LIST = `\\s*${VALUE}\\s*(,\\s*${VALUE}\\s*)*`;
const REQUIREMENT = `\\s*(!?\\s*${KEY}|${KEY}\\s*(==?|!=)\\s*${VALUE}|${KEY}\\s+(in|notin)\\s*\\(${LIST}\\))\\s*`;
/** The selectors that `parseLabelSelector` reads, except for their length, as JavaScript and RE2 both understand it. */
export const LABEL_SELECTOR = `^${REQUIREMENT}(,${REQUIREMENT})*$`;

/** Why the API server would reject a label requirement. */
function requirementProblem({ key, values = [] }: Requirement): string | undefined {
  if (!LABEL_KEY.test(key)) return `"${key}" is not a label key`;
  const wrong = values.find((value) => !LABEL_VALUE.test(value));
  return wrong === undefined ? undefined : `"${wrong}" is not a label value`;
}
