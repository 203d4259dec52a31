import type { Policy } from '../plan/policy.ts';
import { escaped } from '../report/escaped.ts';
import { readTextFile, type TextFile } from '../watch/textFile.ts';
import { PolicyError } from './policyError.ts';
import type { PolicyProblem, PolicyReading } from './policyFile.ts';
import { policyOf } from './policyOf.ts';
import type { FilePolicy } from './policySchema.ts';
import { POLICY_SIZE } from './policySize.ts';
import type { Settings } from './settings.ts';

/** The maximum length of a line about a problem. */
const PROBLEM_LIMIT = 1000;

/** Reads the text of a policy file, as `readPolicy` does. */
type ReadPolicy = (text: string) => PolicyReading;

/** Its schema takes longer to load than all the rest of a command, so it is loaded only where there is a file. */
const reader = async (): Promise<ReadPolicy> => (await import('./policyFile.ts')).readPolicy;

/** Callbacks for changes of the policy file. */
export interface PolicyListener {
  policyLoaded(file: string): void;
  policyRejected(file: string, problems: readonly string[]): void;
}

/**
 * The policy in force: the settings, and the policy file if there is one. If the file becomes invalid, its last valid content stays in
 * force. A mistake while editing must neither stop the operator nor drop exclusions.
 */
export class PolicySource {
  readonly file: string;
  readonly #settings: Settings;
  readonly #given: ReadonlySet<string>;
  /** The content of the file at the last read. */
  readonly first: TextFile | undefined;
  readonly #read: ReadPolicy | undefined;
  #policy: Policy;

  private constructor(
    settings: Settings,
    given: ReadonlySet<string>,
    file: { readonly name: string; readonly content: TextFile; readonly read: ReadPolicy } | undefined,
  ) {
    this.file = file?.name ?? '';
    this.#settings = settings;
    this.#given = given;
    this.first = file?.content;
    this.#read = file?.read;
    this.#policy = this.#policyOf(file ? usable(file.name, readingOf(file.content, file.read)) : {});
  }

  /** @throws {PolicyError} when the settings name a policy file that cannot be used */
  static async open(settings: Settings, given: ReadonlySet<string>): Promise<PolicySource> {
    const { policy: name } = settings;
    if (!name) return new PolicySource(settings, given, undefined);
    return PolicySource.of(name, settings, given, await readTextFile(name, POLICY_SIZE));
  }

  /** From a policy file that was read elsewhere. @throws {PolicyError} when it cannot be used */
  static async of(
    name: string,
    settings: Settings,
    given: ReadonlySet<string>,
    content: TextFile,
  ): Promise<PolicySource> {
    return new PolicySource(settings, given, { name, content, read: await reader() });
  }

  #policyOf(file: FilePolicy): Policy {
    return policyOf(this.#settings, this.#given, file);
  }

  current(): Policy {
    return this.#policy;
  }

  /** Puts the current content of the file, if there is one, into force if it is valid, and reports the result. */
  take(content: TextFile, listener: PolicyListener): void {
    if (!this.#read) return;
    const reading = readingOf(content, this.#read);
    if ('problems' in reading) {
      listener.policyRejected(this.file, problemLines(this.file, reading.problems));
      return;
    }
    this.#policy = this.#policyOf(reading.policy);
    listener.policyLoaded(this.file);
  }
}

/** The content of a file, or why it could not be read. */
export const readingOf = (content: TextFile, read: ReadPolicy): PolicyReading =>
  'problem' in content
    ? { problems: [{ line: 0, column: 0, path: '', message: content.problem }] }
    : read(content.text);

function usable(file: string, reading: PolicyReading): FilePolicy {
  if ('policy' in reading) return reading.policy;
  throw new PolicyError(['the policy file cannot be used', ...problemLines(file, reading.problems)]);
}

/**
 * `policy.yaml:4:12: exclude[0].namespaces: …`, one per line, as compilers write it. A quote from the file cannot begin another line.
 */
export function problemLines(file: string, problems: readonly PolicyProblem[]): string[] {
  return problems.map(({ line, column, path, message }) => {
    const place = line > 0 ? `${file}:${line}:${column}` : file;
    return escaped([place, path, message].filter(Boolean).join(': '), PROBLEM_LIMIT);
  });
}
