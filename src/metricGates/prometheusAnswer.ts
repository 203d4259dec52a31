import { excerpt } from '../excerpt.ts';
import { parseBounded } from '../expect/jsonBounds.ts';
import type { Labels } from '../model.ts';

/** One value of the result of a query. Its labels are foreign text. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Prometheus has given no answer that can be judged. The message is for users. */
export class NoAnswer extends Error {}

/** Longest number: the largest one without an exponent has 309 digits. */
const LONGEST_NUMBER = 400;
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
]);

/**
 * Remarks about the query, which are no warnings about its result. Prometheus before version 3 sends them among the warnings
 * (util/annotations PromQLInfo).
 */
const REMARK = 'PromQL info:';

/**
 * Reads the answer to an instant query: every sample of a vector, or a scalar.
 * @throws {NoAnswer} if it is not one, not whole, or not a success
 */
export function samplesIn(body: Buffer): readonly Sample[] {
  const answer = objectIn(body);
  const { status, data, warnings } = answer;
  if (status !== 'success') throw new NoAnswer(`Prometheus answers with an error${errorWords(answer)}`);
  const warning = Array.isArray(warnings) ? warnings.find((one) => !String(one).startsWith(REMARK)) : warnings;
  // Thanos says so of stores that it could not ask: what they have is missing from the result
  if (warning !== undefined && warning !== null)
    throw new NoAnswer(`Prometheus warns of its answer: ${excerpt(String(warning), 200)}`);
  if (!isObject(data)) throw new NoAnswer('the answer has no data');
  const { resultType, result } = data;
  if (resultType === 'scalar') return [{ labels: {}, value: valueIn(result) }];
  if (resultType === 'vector' && Array.isArray(result)) return result.map(sampleIn);
  throw new NoAnswer(
    `the result is of type ${excerpt(String(resultType), 40)}; the query must give a vector or a scalar`,
  );
}

/** What an answer says about its own failure, after a colon; empty if nothing can be read. */
export function errorIn(body: Buffer): string {
  try {
    return errorWords(objectIn(body));
  } catch {
    const text = excerpt(body.toString('utf8').trim(), 120);
    return text === '' ? '' : `: ${text}`;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function objectIn(body: Buffer): Fields {
  let answer: unknown;
  try {
    answer = parseBounded(body);
  } catch (error) {
    throw new NoAnswer('the answer is not JSON', { cause: error });
  }
  if (!isObject(answer)) throw new NoAnswer('the answer is not a JSON object');
  return answer;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function errorWords({ error, errorType }: Fields): string {
  const words = [errorType, error].filter((one) => typeof one === 'string' && one !== '').join(': ');
  return words === '' ? '' : `: ${excerpt(words, 200)}`;
}

function sampleIn(raw: unknown): Sample {
  const { metric, value, histogram } = isObject(raw) ? raw : {};
  if (histogram !== undefined) throw new NoAnswer('a sample is a histogram; the query must give numbers');
  const labels = Object.entries(isObject(metric) ? metric : {});
  return { labels: Object.fromEntries(labels.map(([name, text]) => [name, String(text)])), value: valueIn(value) };
}

/** A time and a number as a text. */
function valueIn(raw: unknown): number {
  const text: unknown = Array.isArray(raw) ? raw[1] : undefined;
  if (typeof text !== 'string' || text.length > LONGEST_NUMBER) throw new NoAnswer('a sample has no value');
  const value = SPECIAL.get(text) ?? (NUMBER.test(text) ? Number(text) : undefined);
  if (value === undefined) throw new NoAnswer(`a value is not a number: ${excerpt(text, 40)}`);
  return value;
}
