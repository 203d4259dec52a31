import type { Policy } from '../plan/policy.ts';
import { escaped } from '../report/escaped.ts';
import { readTextFile, type TextFile } from '../watch/textFile.ts';
import { POLICY_SIZE, type PolicyProblem, readPolicy } from './policyFile.ts';
import { policyOf } from './policyOf.ts';
import type { FilePolicy } from './policySchema.ts';
import type { Settings } from './settings.ts';

/** The maximum length of a line about a problem. */
const PROBLEM_LIMIT = 1000;

/** A policy file that cannot be used. The message has one line per mistake. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

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
  #policy: Policy;

  private constructor(file: string, settings: Settings, given: ReadonlySet<string>, first: TextFile | undefined) {
    this.file = file;
    this.#settings = settings;
    this.#given = given;
    this.first = first;
    this.#policy = this.#policyOf(first ? usable(this.file, first) : {});
  }

  /** @throws {PolicyError} when the settings name a policy file that cannot be used */
  static async open(settings: Settings, given: ReadonlySet<string>): Promise<PolicySource> {
    const first = settings.policy ? await readTextFile(settings.policy, POLICY_SIZE) : undefined;
    return new PolicySource(settings.policy, settings, given, first);
  }

  /** From a policy file that was read elsewhere. @throws {PolicyError} when it cannot be used */
  static of(file: string, settings: Settings, given: ReadonlySet<string>, content: TextFile): PolicySource {
    return new PolicySource(file, settings, given, content);
  }

  #policyOf(file: FilePolicy): Policy {
    return policyOf(this.#settings, this.#given, file);
  }

  current(): Policy {
    return this.#policy;
  }

  /** Puts the current content of the file into force if it is valid, and reports the result. */
  take(content: TextFile, listener: PolicyListener): void {
    const reading = readingOf(content);
    if ('problems' in reading) {
      listener.policyRejected(this.file, problemLines(this.file, reading.problems));
      return;
    }
    this.#policy = this.#policyOf(reading.policy);
    listener.policyLoaded(this.file);
  }
}

/** The content of a file, or why it could not be read. */
export const readingOf = (content: TextFile): ReturnType<typeof readPolicy> =>
  'problem' in content
    ? { problems: [{ line: 0, column: 0, path: '', message: content.problem }] }
    : readPolicy(content.text);

function usable(file: string, content: TextFile): FilePolicy {
  const reading = readingOf(content);
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
