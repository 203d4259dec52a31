import { InvalidArgumentError } from 'commander';
import { KINDS, WORKLOAD_KINDS } from '../kinds/kinds.ts';
import { PLAIN_KINDS } from '../kinds/unsupportedKinds.ts';
import type { WorkloadKind } from '../model.ts';
import { LOG_LEVELS, type LogLevel } from '../report/logger.ts';
import type { ListenAddress } from '../report/server.ts';
import { parseDuration } from './duration.ts';
import type { OperatorChoice } from './installed/operatorDeployment.ts';
import { numberUpTo } from './numberPattern.ts';
import type { Bounds } from './setting.ts';

/** Milliseconds. */
export const SECOND = 1000;

/** Reads `true` or `false`. @throws {InvalidArgumentError} for anything else */
export function parseBoolean(given: string): boolean {
  if (given === 'true' || given === 'false') return given === 'true';
  throw new InvalidArgumentError('It must be true or false.');
}

/** Reads a whole number within bounds. @throws {InvalidArgumentError} for anything else */
export function countIn({ min, max }: Bounds): (given: string) => number {
  return (given) => {
    const number = /^(0|[1-9]\d{0,15})$/.test(given) ? Number(given) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Reads a duration within bounds. @throws {InvalidArgumentError} for anything else */
export function durationIn({ min, max }: Bounds): (given: string) => number {
  const range = min > 0 ? `from ${min / SECOND}s to ${max / 3_600_000}h` : `at most ${max / 3_600_000}h`;
  return (given) => {
    const milliseconds = parseDuration(given);
    if (milliseconds !== undefined && milliseconds >= min && milliseconds <= max) return milliseconds;
    throw new InvalidArgumentError(`It must be a duration such as 10s, 5m or 1h30m, ${range}.`);
  };
}

/** The name of a namespace. */
export const NAMESPACE_NAME = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
/** The name of a namespace, in which `*` matches any characters. */
export const NAMESPACE_PATTERN = '[a-z0-9*][-a-z0-9*]{0,62}';

const isName = new RegExp(`^${NAMESPACE_NAME}$`);
const isPattern = new RegExp(`^${NAMESPACE_PATTERN}$`);

/** Reads comma-separated namespace names. @throws {InvalidArgumentError} naming the first invalid one */
export function parseNames(given: string): ReadonlySet<string> {
  const names = splitList(given);
  const wrong = names.find((name) => !isName.test(name));
  if (wrong === undefined) return new Set(names);
  throw new InvalidArgumentError(
    `"${wrong}" is not a namespace name: use lower-case letters, digits and dashes, at most 63.`,
  );
}

/**
 * Reads comma-separated namespace names, in which `*` matches any characters.
 * @throws {InvalidArgumentError} naming the first invalid one
 */
export function parseNamespacePatterns(given: string): readonly string[] {
  const found = splitList(given);
  const wrong = found.find((pattern) => !isPattern.test(pattern));
  if (wrong === undefined) return found;
  throw new InvalidArgumentError(
    `"${wrong}" is not a namespace name or pattern: use lower-case letters, digits, dashes and *, at most 63.`,
  );
}

/** Reads KIND/NAME as kubectl takes it, in any case and also in the plural; an empty text is none. @throws {InvalidArgumentError} */
export function parseWorkload(given: string): { kind: WorkloadKind; name: string } | undefined {
  if (given === '') return undefined;
  const [, kind, name] = /^([a-z][-a-z0-9.]*)\/([a-z0-9][-a-z0-9.]*)$/i.exec(given) ?? [];
  const known = KINDS.find((one) => [one.kind.toLowerCase(), one.resource].includes(kind?.toLowerCase() ?? ''));
  const plain = PLAIN_KINDS.find((one) => one.toLowerCase() === kind?.toLowerCase());
  const word = known?.kind ?? plain ?? (kind?.includes('.') ? kind : undefined);
  if (word !== undefined && name) return { kind: word, name };
  throw new InvalidArgumentError(
    `It must be KIND/NAME with KIND one of ${WORKLOAD_KINDS.join(', ')}, or as a plan lists it.`,
  );
}

/** Reads NAMESPACE or NAMESPACE/NAME; `true` is any, and an empty text or `false` none. @throws {InvalidArgumentError} */
export function parseOperatorChoice(given: string): OperatorChoice | undefined {
  if (given === '' || given === 'false') return undefined;
  if (given === 'true') return {};
  const [, namespace, name] = /^([a-z0-9][-a-z0-9]{0,62})(?:\/([a-z0-9][-a-z0-9.]{0,252}))?$/.exec(given) ?? [];
  if (namespace) return { namespace, ...(name && { name }) };
  throw new InvalidArgumentError('It must be NAMESPACE or NAMESPACE/DEPLOYMENT of the operator, for example meltemi.');
}

/** Reads a list of known words. */
export function oneOfEach<T extends string>(known: readonly T[]): (given: string) => ReadonlySet<T> {
  return (given) => {
    const words = splitList(given);
    const wrong = words.find((word) => !known.includes(word as T));
    if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not one of ${known.join(', ')}.`);
    return new Set(words as T[]);
  };
}

/** Reads a list that must not be empty. */
export function atLeastOne<T>(parse: (given: string) => ReadonlySet<T>): (given: string) => ReadonlySet<T> {
  return (given) => {
    const words = parse(given);
    if (words.size > 0) return words;
    throw new InvalidArgumentError('It must name at least one; leave it out for all.');
  };
}

/** An empty text is an empty list. Commas without words are a mistake. */
function splitList(given: string): string[] {
  const words = given
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  if (words.length > 0 || given.trim() === '') return words;
  throw new InvalidArgumentError('It must have words between its commas, such as a,b. An empty value means none.');
}

/** @throws {InvalidArgumentError} naming the levels */
export function parseLogLevel(given: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === given);
  if (level) return level;
  throw new InvalidArgumentError(`It must be one of ${LOG_LEVELS.join(', ')}.`);
}

/** @throws {InvalidArgumentError} naming the formats */
export function parseOutput(given: string): 'table' | 'json' | 'yaml' {
  if (given === 'table' || given === 'json' || given === 'yaml') return given;
  throw new InvalidArgumentError('It must be table, json or yaml.');
}

/** host:port, or :port for all interfaces; `0` is none. */
export const LISTEN_ADDRESS = `^(0|.*:${numberUpTo(65_535)})$`;
const isAddress = new RegExp(LISTEN_ADDRESS);

/** Reads host:port, or :port for all interfaces; `0` and an empty text are none. @throws {InvalidArgumentError} */
export function parseListenAddress(given: string): ListenAddress | undefined {
  if (given === '0' || given === '') return undefined;
  const [, host, port] = (isAddress.test(given) && /^(.*):(\d+)$/.exec(given)) || [];
  if (host !== undefined) return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  throw new InvalidArgumentError('It must be host:port, :port, or 0 to turn it off.');
}

/** Reads host:port, both needed; an empty text is none. @throws {InvalidArgumentError} */
export function parseDialAddress(given: string): { host: string; port: number } | undefined {
  if (given === '') return undefined;
  const parsed = isAddress.test(given) ? parseListenAddress(given) : undefined;
  if (parsed?.host && parsed.port > 0) return parsed;
  throw new InvalidArgumentError('It must be host:port, for example localhost:15017.');
}

/** Names of kubeconfig contexts, each once, in their order. They may have any characters but a comma. */
export const parseContexts = (given: string): readonly string[] => [...new Set(splitList(given))];

/** An http or https URL, or nothing. */
export const STATUS_URL = '^(https?://[^\\s<>|"]{1,900})?$';

const isStatusUrl = new RegExp(STATUS_URL);

/** Reads the address of a page that browsers open; an empty text is none. @throws {InvalidArgumentError} for anything else */
export function parseStatusUrl(given: string): string {
  if (given === '' || (isStatusUrl.test(given) && URL.canParse(given))) return given;
  throw new InvalidArgumentError('It must be an http or https URL such as https://meltemi.example.com.');
}

/** An http or https URL without credentials, query and fragment, or nothing. */
export const TRACING_ENDPOINT = '^(https?://[^\\s<>|"@?#]{1,900})?$';

const isTracingEndpoint = new RegExp(TRACING_ENDPOINT);

/** Reads the base URL of a collector of traces; an empty text is none. @throws {InvalidArgumentError} for anything else */
export function parseTracingEndpoint(given: string): string {
  if (given === '' || (isTracingEndpoint.test(given) && URL.canParse(given))) return given;
  throw new InvalidArgumentError(
    'It must be an http or https URL without credentials, such as http://otel-collector.monitoring:4318.',
  );
}
