import type { Api, ApiRequest } from '../../src/cluster/client.ts';
import type { Lease } from '../../src/cluster/lease.ts';
import { readJournal, type StoredEntry } from '../../src/journal/journalText.ts';
import type { Labels } from '../../src/model.ts';
import { LEASE_ANNOTATION, LEASE_NAME } from '../../src/names.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import type { VirtualTime } from './virtualTime.ts';
import { failure, type Weather } from './weather.ts';

/** The Lease as the API server keeps it, and who holds it by its own record. */
export class LeaseServer {
  readonly #time: VirtualTime;
  readonly #weather: Weather;
  #lease: Lease | undefined;
  #version = 0;
  #journal: ReadonlyMap<string, StoredEntry> = new Map();
  /** Hears of each journal that was written, with who wrote it. */
  onJournal: (writer: OperatorProcess, entries: ReadonlyMap<string, StoredEntry>) => void = () => undefined;

  constructor(time: VirtualTime, weather: Weather) {
    this.#time = time;
    this.#weather = weather;
  }

  get annotations(): Labels {
    return this.#lease?.metadata?.annotations ?? {};
  }

  get holder(): string {
    return this.#lease?.spec?.holderIdentity ?? '';
  }

  /** The journal as it stands. */
  get journal(): ReadonlyMap<string, StoredEntry> {
    return this.#journal;
  }

  /** When the last resume was recorded, milliseconds; 0 for never. */
  get resumedAt(): number {
    return Date.parse(this.annotations[LEASE_ANNOTATION.resumedAt] ?? '') || 0;
  }

  /** A person annotates it; there is nothing to annotate before the first operator has made it. */
  annotate(annotations: Readonly<Record<string, string | undefined>>): void {
    if (!this.#lease) return;
    const all = { ...this.annotations, ...annotations };
    const kept = Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
    this.#store({ ...this.#lease, metadata: { ...this.#lease.metadata, annotations: Object.fromEntries(kept) } });
  }

  /** @param delivered called with each reading's annotations when it arrives */
  clientOf(process: OperatorProcess, delivered: (annotations: Labels) => void): Pick<Api, 'request'> {
    const { lane } = process;
    return {
      request: <T>(request: ApiRequest): Promise<T> => {
        const { promise, resolve, reject } = Promise.withResolvers<T>();
        const { there, back, mishap } = this.#weather.read();
        request.beforeSend?.();
        const patience = request.timeoutMs ?? 30_000;
        this.#time.after(there, () => {
          const fail = (error: unknown): void => void lane.wake(Math.min(back, patience), () => reject(error));
          if (mishap) return fail(failure(request.method, request.path, 'refused'));
          try {
            const lease = this.#handle(request, process);
            if (there + back > patience) return fail(failure(request.method, request.path, 'lost'));
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
    const stored = this.#store(lease ?? {});
    this.#noteJournal(process);
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
    return this.#lease;
  }
}
