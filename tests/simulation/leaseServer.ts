import type { Api, ApiRequest } from '../../src/cluster/api.ts';
import { readJournal, type StoredEntry } from '../../src/journal/journalText.ts';
import type { Lease } from '../../src/leader/lease.ts';
import type { Labels } from '../../src/model.ts';
import { LEASE_ANNOTATION, LEASE_NAME } from '../../src/names.ts';
import { type FaultWeather, failure } from './faults.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import type { VirtualTime } from './virtualTime.ts';

/** The Lease as the API server keeps it, and who holds it by its own record. */
export class LeaseServer {
  readonly #time: VirtualTime;
  readonly #weather: FaultWeather;
  #lease: Lease | undefined;
  #version = 0;
  #journal: ReadonlyMap<string, StoredEntry> = new Map();
  /** Hears of each journal that was written, with who wrote it. */
  onJournal: (writer: OperatorProcess, entries: ReadonlyMap<string, StoredEntry>) => void = () => undefined;
  /** Called when a journal with something new in it has just been stored. */
  afterLanding: (writer: OperatorProcess) => void = () => undefined;
  #resumedAt = 0;

  constructor(time: VirtualTime, weather: FaultWeather) {
    this.#time = time;
    this.#weather = weather;
  }

  get annotations(): Labels {
    return this.#lease?.metadata?.annotations ?? {};
  }

  /** How much is written on it. */
  get bytes(): number {
    return JSON.stringify(this.annotations).length;
  }

  /** Who holds it; undefined while there is none. */
  get holder(): string | undefined {
    return this.#lease && (this.#lease.spec?.holderIdentity ?? '');
  }

  /** The journal as an operator wrote it last, whatever people do to it then. */
  get journal(): ReadonlyMap<string, StoredEntry> {
    return this.#journal;
  }

  /** When the last resume was recorded, milliseconds; 0 for never. It stays where the Lease is deleted: who leads may not know that yet. */
  get resumedAt(): number {
    return this.#resumedAt;
  }

  /** A person annotates it; there is nothing to annotate before the first operator has made it. */
  annotate(annotations: Readonly<Record<string, string | undefined>>): void {
    if (!this.#lease) return;
    const all = { ...this.annotations, ...annotations };
    const kept = Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
    this.#store({ ...this.#lease, metadata: { ...this.#lease.metadata, annotations: Object.fromEntries(kept) } });
  }

  /** Somebody deletes it, and all that people and operators have written on it. */
  remove(): void {
    this.#lease = undefined;
  }

  /** @param delivered called with each reading's annotations when it arrives */
  clientOf(process: OperatorProcess, delivered: (annotations: Labels) => void): Pick<Api, 'request'> {
    const { lane } = process;
    return {
      request: <T>(request: ApiRequest): Promise<T> => {
        const { promise, resolve, reject } = Promise.withResolvers<T>();
        const { there, back, mishap } = this.#weather.lease(request.method !== 'GET');
        request.beforeSend?.();
        const patience = request.timeoutMs ?? 30_000;
        this.#time.after(there, () => {
          const fail = (error: unknown): void => void lane.wake(Math.min(back, patience), () => reject(error));
          if (mishap === 'refused') return fail(failure(request.method, request.path, mishap));
          try {
            const lease = this.#handle(request, process);
            if (there + back > patience || mishap === 'lost')
              return fail(failure(request.method, request.path, 'lost'));
            lane.wake(back, () => {
              delivered(lease.metadata?.annotations ?? {});
              resolve(lease as T);
            });
          } catch (error) {
            fail(error);
          }
        });
        return promise;
      },
    };
  }

  #handle({ method, path, body }: ApiRequest, process: OperatorProcess): Lease {
    const lease = body as Lease | undefined;
    if (method === 'POST') {
      if (this.#lease) throw failure(method, path, 'conflict');
      return this.#store(lease ?? {});
    }
    if (!this.#lease) throw failure(method, path, 'gone');
    if (method === 'GET') return this.#lease;
    if (lease?.metadata?.resourceVersion !== this.#lease.metadata?.resourceVersion)
      throw failure(method, path, 'conflict');
    const before = this.annotations[LEASE_ANNOTATION.journal];
    const stored = this.#store(lease ?? {});
    if (this.annotations[LEASE_ANNOTATION.journal] === before) return stored;
    this.#noteJournal(process);
    this.afterLanding(process);
    return stored;
  }

  #noteJournal(writer: OperatorProcess): void {
    const text = this.annotations[LEASE_ANNOTATION.journal];
    const read = text === undefined ? undefined : readJournal(text);
    if (!read || 'unreadable' in read) return;
    this.#journal = read.entries;
    this.onJournal(writer, read.entries);
  }

  #store(lease: Lease): Lease {
    this.#version += 1;
    const metadata = { ...lease.metadata, name: LEASE_NAME, resourceVersion: String(this.#version) };
    this.#lease = { ...lease, metadata };
    const resumed = Date.parse(this.annotations[LEASE_ANNOTATION.resumedAt] ?? '') || 0;
    this.#resumedAt = Math.max(this.#resumedAt, resumed);
    return this.#lease;
  }
}
