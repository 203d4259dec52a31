import { boundWords } from '../metricGates/judgement.ts';
import { queryOf } from '../metricGates/queryOf.ts';
import type { MetricGate } from '../plan/metricGate.ts';
import { jsonText, yamlText } from '../report/machineText.ts';
import { readTextFile, type TextFile } from '../watch/textFile.ts';
import { askMetricGates } from './askMetricGates.ts';
import { type PolicyReading, readPolicy } from './policyFile.ts';
import { POLICY_SIZE } from './policySize.ts';
import { problemLines, readingOf } from './policySource.ts';
import type { Setting } from './setting.ts';
import { POLICY_NAMES, SETTINGS } from './settings.ts';
import type { Streams } from './streams.ts';

const USABLE = 0;
const UNUSABLE = 1;

export interface CheckOptions {
  readonly output: 'yaml' | 'json';
  /** Asks the metric gates, and shows their answers instead of the policy. */
  readonly query: boolean;
}

/**
 * Checks a policy file. It prints the resulting policy, which is again a policy file; or all mistakes, one per line.
 * @param file path, or `-` for standard input
 * @returns the exit code
 */
export async function checkPolicy(
  file: string,
  { output, query }: CheckOptions,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  const content = file === '-' ? await readInput(streams.input) : await readTextFile(file, POLICY_SIZE);
  const reading = readingOf(content, readPolicy);
  const print = output === 'json' ? (value: object) => `${jsonText(value, 2)}\n` : yamlText;
  if ('policy' in reading) {
    if (query)
      return tryGates(reading.policy.metricGates ?? [], (results) => streams.out.write(print(results)), signal);
    streams.out.write(print(wholePolicy(reading)));
    return USABLE;
  }
  const name = file === '-' ? '(standard input)' : file;
  if (output === 'json') streams.out.write(print({ errors: reading.problems }));
  else streams.error.write(`${problemLines(name, reading.problems).join('\n')}\n`);
  return UNUSABLE;
}

/** Asks each metric gate once. @returns the exit code, which says whether each has given a usable answer */
async function tryGates(
  gates: readonly MetricGate[],
  print: (results: object) => void,
  signal: AbortSignal,
): Promise<number> {
  const states = await askMetricGates(gates, { signal });
  const metricGates = gates.map(({ name, prometheus, ask }) => {
    const { isOpen, isAnswered, detail } = states.get(name) ?? { isOpen: false, isAnswered: false, detail: '' };
    const state = isOpen ? 'open' : isAnswered ? 'closed' : 'no answer';
    return {
      name,
      state,
      detail,
      prometheus,
      query: queryOf({ ask }),
      ...('query' in ask && { bound: boundWords(ask) }),
    };
  });
  print({ metricGates });
  return metricGates.every(({ state }) => state !== 'no answer') ? USABLE : UNUSABLE;
}

async function readInput(input: AsyncIterable<Buffer>): Promise<TextFile> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > POLICY_SIZE) break;
  }
  return { text: Buffer.concat(chunks).toString() };
}

/** Every key with the file's value or its default. Keys that have neither are left out. */
function wholePolicy({ texts }: Extract<PolicyReading, { texts: object }>): object {
  const settings = POLICY_NAMES.flatMap((name) => {
    const setting: Setting<unknown> = SETTINGS[name];
    const text = texts[name] ?? setting.default;
    return text === '' && (setting.unset || !setting.list) ? [] : [[name, shown(setting, text)]];
  });
  const {
    paused,
    imageRewrites = [],
    istio = 'true',
    sidecars,
    windows,
    freezes,
    urgent,
    include,
    exclude = [],
    waves,
    metricGates,
    notify,
  } = texts;
  const given = {
    ...(paused !== undefined && { paused }),
    ...(sidecars !== undefined && { sidecars }),
    ...(windows !== undefined && { windows }),
    ...(freezes !== undefined && { freezes }),
    ...(urgent !== undefined && { urgent }),
    ...(include !== undefined && { include }),
    ...(waves !== undefined && { waves: withNumbers(waves) }),
    ...(metricGates !== undefined && { metricGates: withNumbers(metricGates) }),
  };
  const told = notify === undefined ? {} : { notify };
  return { ...Object.fromEntries(settings), imageRewrites, istio: istio === 'true', ...given, exclude, ...told };
}

/** Fields of waves and metric gates that are numbers. */
const NUMBERS = new Set(['percent', 'maxInFlight', 'maxFailures', 'min', 'max']);

/** Entries of a list whose numbers were read as texts. */
function withNumbers(entries: unknown): object[] {
  return (entries as object[]).map((entry) =>
    Object.fromEntries(Object.entries(entry).map(([field, text]) => [field, NUMBERS.has(field) ? Number(text) : text])),
  );
}

/** Lists stay lists and numbers stay numbers. Durations and selectors are shown as texts. */
function shown(setting: Setting<unknown>, given: unknown): unknown {
  if (Array.isArray(given)) return given;
  const text = String(given);
  if (setting.list) return [...(setting.parse(text) as Iterable<string>)];
  return setting.value === 'number' || setting.value === undefined ? setting.parse(text) : text;
}
