import type { ServerResponse } from 'node:http';
import type { Clock } from '../cluster/clock.ts';
import { inSlices, type Pause } from '../loopSlices.ts';
import { Listeners } from './listeners.ts';
import { isSameRow } from './pageRow.ts';
import type { PageRow } from './rowFilter.ts';
import { SECTION_IDS, sectionsOf } from './sections.ts';
import type { NoView, View } from './view.ts';

export interface PageFeedOptions {
  readonly view: () => Promise<View | NoView>;
  /** Steady clock, milliseconds. */
  readonly now: () => number;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  readonly sleep: Clock['sleep'];
  /** Ends the telling of listeners. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
  /** Different for each process, because versions of another one mean nothing here. */
  readonly boot: string;
}

/** What the page shows at a moment. */
export interface Snapshot {
  /** Identifies it: a client that has it needs only what came later. */
  readonly version: string;
  readonly view: View | NoView;
  readonly sections: Readonly<Record<string, string>>;
}

/** The least time between two snapshots. */
const PACE = 1000;
/** Without a change: ages go on, and proxies in between see that the connection lives. */
const TICK = 5000;
/** Characters of an update. Clients read a larger one as a whole, because that is compressed. */
const LONGEST_UPDATE = 128 * 1024;
const RETRY = 2000;

const NO_ROWS: ReadonlyMap<string, PageRow> = new Map();
const rowsIn = (view: View | NoView): ReadonlyMap<string, PageRow> => ('rows' in view ? view.rows : NO_ROWS);

/** Makes snapshots for those who ask, and tells listeners what has changed. Nothing is made as long as nobody asks or listens. */
export class PageFeed {
  readonly #options: PageFeedOptions;
  readonly #listeners = new Listeners();
  #count = 0;
  #last: Snapshot | undefined;
  #madeAt = Number.NEGATIVE_INFINITY;
  #making: Promise<Snapshot> | undefined;
  #isTelling = false;
  /** Ends the wait for a change. */
  #wake = new AbortController();

  constructor(options: PageFeedOptions) {
    this.#options = options;
  }

  /** Something may have changed. */
  changed(): void {
    this.#wake.abort();
  }

  /** What there is to show, at most as old as the pace. */
  snapshot(): Promise<Snapshot> {
    const { now } = this.#options;
    if (this.#last && now() < this.#madeAt + PACE) return Promise.resolve(this.#last);
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  get isFull(): boolean {
    return this.#listeners.isFull;
  }

  /**
   * Tells a client of changes until it closes the connection.
   * @param has the version that it has; if that is not the last one, it is told to read all of it
   */
  listen(response: ServerResponse, has: string): void {
    response.write(`retry: ${RETRY}\n${has === this.#last?.version ? ': nothing new\n\n' : `${RESET}\n\n`}`);
    this.#listeners.add(response);
    if (!this.#isTelling) void this.#tell();
  }

  async #tell(): Promise<void> {
    const { onError, signal } = this.#options;
    this.#isTelling = true;
    try {
      while (this.#listeners.count > 0 && !signal.aborted) {
        this.#wake = new AbortController();
        const before = this.#count;
        await this.snapshot().catch(onError);
        if (before === this.#count) this.#listeners.send(':\n\n');
        await this.#wait(PACE, signal);
        await this.#wait(TICK - PACE, AbortSignal.any([signal, this.#wake.signal]));
      }
    } finally {
      this.#isTelling = false;
    }
  }

  #wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return this.#options.sleep(milliseconds, signal).catch(() => undefined);
  }

  async #make(): Promise<Snapshot> {
    const { view: look, wall, now, boot } = this.#options;
    this.#madeAt = now();
    const view = await look();
    const before = this.#last;
    const sections = sectionTexts(view, wall());
    const hasListeners = this.#listeners.count > 0;
    const update = before && hasListeners ? await this.#update(before, view, sections) : undefined;
    if (before && update === 'nothing') {
      this.#last = { ...before, view };
      return this.#last;
    }
    this.#count += 1;
    this.#last = { version: `${boot}-${this.#count}`, view, sections };
    if (hasListeners) this.#listeners.send(`id: ${this.#last.version}\n${update ?? RESET}\n\n`);
    return this.#last;
  }

  /** What has changed since, as a server-sent event. */
  async #update(before: Snapshot, view: View | NoView, sections: Snapshot['sections']): Promise<string> {
    const [old, all] = [rowsIn(before.view), rowsIn(view)];
    const { rows, gone } = await inSlices(changes(old, all), old.size + all.size);
    const changed = Object.entries(sections).filter(([id, text]) => text !== before.sections[id]);
    if (rows.length === 0 && gone.length === 0 && changed.length === 0) return 'nothing';
    // only a few hundred rows fit
    if (rows.length > LONGEST_UPDATE / 100) return RESET;
    const data = JSON.stringify({ sections: Object.fromEntries(changed), rows, gone });
    return data.length > LONGEST_UPDATE ? RESET : `event: update\ndata: ${data}`;
  }
}

const RESET = 'event: reset\ndata:';

/** The sections as text; where there is nothing to show yet, the reason stands in the first. */
function sectionTexts(view: View | NoView, wall: number): Readonly<Record<string, string>> {
  const sections = sectionsOf(view, wall);
  return Object.fromEntries(SECTION_IDS.map((id) => [id, sections[id].text]));
}

function* changes(
  before: ReadonlyMap<string, PageRow>,
  now: ReadonlyMap<string, PageRow>,
): Generator<Pause, { readonly rows: readonly PageRow[]; readonly gone: readonly string[] }> {
  const rows: PageRow[] = [];
  for (const [key, row] of now) {
    const old = before.get(key);
    if (!old || !isSameRow(old, row)) rows.push(row);
    yield 'short';
  }
  const gone: string[] = [];
  for (const key of before.keys()) {
    if (!now.has(key)) gone.push(key);
    yield 'short';
  }
  return { rows, gone };
}
