import { SayOnce } from '../sayOnce.ts';
import type { InjectorConnection } from './injectorConnection.ts';
import { InjectorLine } from './injectorLine.ts';
import { type AskedInjection, type Injection, isAsked } from './mesh.ts';
import type { Question } from './question.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** Called when the injector of a configuration stops answering (with the reason), and when it answers again (undefined). */
export type ReachableListener = (injection: AskedInjection, problem: string | undefined) => void;

/** The lines to all injectors. Each change between reachable and unreachable is reported once. */
export class InjectorLines {
  readonly #connect: (entry: WebhookEntry, connections: number) => InjectorConnection;
  readonly #onReachable: ReachableListener;
  readonly #lines = new Map<string, InjectorLine>();
  /** Configurations whose injector was reported as unreachable. */
  readonly #silent = new SayOnce<string>();

  constructor(
    connect: (entry: WebhookEntry, connections: number) => InjectorConnection,
    onReachable: ReachableListener = () => undefined,
  ) {
    this.#connect = connect;
    this.#onReachable = onReachable;
  }

  /** The line of an entry's injector. After a rotation of the CA bundle it is a new one; `keepOnly` closes the old one. */
  of({ entry }: AskedInjection): InjectorLine {
    const key = lineKey(entry);
    const line = this.#lines.get(key) ?? new InjectorLine((connections) => this.#connect(entry, connections));
    this.#lines.set(key, line);
    return line;
  }

  /** Whether the line is still in use by this injection. A line ends when no entry names its injector any more. */
  isOpen(line: InjectorLine, { entry }: AskedInjection): boolean {
    return this.#lines.get(lineKey(entry)) === line;
  }

  /** Notes that a question was answered. */
  reached(line: InjectorLine, asked: Question): void {
    const { injection } = asked;
    if (this.#silent.over(injection.entry.configuration)) this.#onReachable(injection, undefined);
    line.reached(asked);
  }

  /** Notes that the injector answers no question. This is not reported for a line that no entry uses any more. */
  failed(line: InjectorLine, asked: Question, problem: string, now: number): void {
    if (!this.isOpen(line, asked.injection)) return;
    const { configuration } = asked.injection.entry;
    if (this.#silent.isNews(configuration, 'unreachable')) this.#onReachable(asked.injection, problem);
    line.failed(asked, problem, now);
  }

  /** When each unreachable injector may be asked again, unordered. Times may be in the past. */
  retryTimes(): number[] {
    return [...this.#lines.values()].map(({ retryAt }) => retryAt);
  }

  /** Closes the lines that no injection names any more. */
  async keepOnly(injections: readonly Injection[]): Promise<void> {
    const entries = injections.filter(isAsked).map(({ entry }) => entry);
    const configurations = new Set(entries.map(({ configuration }) => configuration));
    this.#silent.keepOnly((one) => configurations.has(one));
    const named = new Set(entries.map(lineKey));
    const gone = [...this.#lines].filter(([key]) => !named.has(key));
    for (const [key] of gone) this.#lines.delete(key);
    await Promise.all(gone.map(([, line]) => line.close()));
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#lines.values()].map((line) => line.destroy()));
  }
}

/** Entries with the same address may have different CAs during a rotation. Each has its own connections and back-off. */
const lineKey = ({ address, askedAt, caBundle }: WebhookEntry): string => JSON.stringify([address, askedAt, caBundle]);
