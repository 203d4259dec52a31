import assert from 'node:assert/strict';
import { keyOf, type WorkloadKey } from '../../../src/model.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import type { Planned, Step } from '../../../src/plan/plan.ts';
import { reason } from '../../../src/reasons.ts';
import type { Restarter } from '../../../src/restart/restarter.ts';
import { Restarts } from '../../../src/restart/restarts.ts';
import { journalOf, restarted } from '../../builders/journal.ts';
import { assessed, MINUTE, NOW } from '../../builders/workload.ts';

const FOLLOW: Step = { action: 'follow', reason: reason('in-flight', 'its restart is being followed') };
const UNDER_WAY = restarted(MINUTE);

const planned = (step: Step, entry?: JournalEntry): Planned => ({ ...assessed(), step, ...(entry && { entry }) });
const KEY = keyOf(planned(FOLLOW).workload);
const madeAgain = planned({ action: 'none' });
const listed: Planned = { ...madeAgain, workload: { ...madeAgain.workload, unsupported: {} } };

/** A restarter whose work ends when it is told to, and what it was asked to do. */
class Bench {
  readonly begun: string[] = [];
  readonly told: string[] = [];
  readonly restarts: Restarts;
  readonly stop = new AbortController();
  #ends: ((error?: Error) => void)[] = [];

  constructor(entry?: JournalEntry) {
    const journal = { entries: journalOf(entry ? [{ ...assessed(), entry }] : []) };
    this.restarts = new Restarts({
      journal,
      now: () => NOW,
      onObserved: (key) => void this.told.push(`observed ${key}`),
      onError: async (key) => void this.told.push(`error ${key}`),
      onEnd: () => void this.told.push('end'),
    });
  }

  carryOut(...items: Planned[]): void {
    const toCarryOut = items.filter(({ step: { action } }) => action !== 'none' && action !== 'wait');
    this.restarts.carryOut({ items, toCarryOut }, this.#restarter, this.stop.signal);
  }

  async end(error?: Error): Promise<void> {
    for (const end of this.#ends.splice(0)) end(error);
    await this.restarts.idle();
  }

  readonly #begin = (action: string) => (): Promise<undefined> => {
    this.begun.push(action);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#ends.push((error) => (error ? reject(error) : resolve(undefined)));
    return promise;
  };

  readonly #restarter = {
    restart: this.#begin('restart'),
    follow: this.#begin('follow'),
    close: this.#begin('close'),
  } as unknown as Restarter;
}

const steps: [name: string, items: Planned[], entry: JournalEntry | undefined, begun: string[]][] = [
  ['whose turn it is, is restarted', [planned({ action: 'restart' })], undefined, ['restart']],
  ['that a former process has restarted, is followed', [planned(FOLLOW, UNDER_WAY)], UNDER_WAY, ['follow']],
  ['whose episode ends well after all, is closed', [planned({ action: 'close' })], undefined, ['close']],
  ['that was restarted and is not seen, is followed', [], UNDER_WAY, ['follow']],
  ['… or was made again under its name', [madeAgain], { ...UNDER_WAY, uid: 'before' }, ['follow']],
  ['… or is only listed', [listed], UNDER_WAY, ['follow']],
  ['whose restart has ended, is not followed', [], restarted(MINUTE, 'verified'), []],
];
for (const [name, items, entry, begun] of steps)
  test(`a workload ${name}`, async () => {
    const bench = new Bench(entry);
    bench.carryOut(...items);
    bench.carryOut(...items);
    assert.deepEqual(bench.begun, begun, 'once, however often it is planned meanwhile');
    await bench.end();
    assert.deepEqual([...bench.restarts.busy.keys()], []);
  });

describe('a restart', () => {
  const starting = ({ restarts }: Bench): WorkloadKey[] => [...restarts.starting];
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
    bench.carryOut(planned({ action: 'restart' }));
  });

  it('is about to be written until it is sent', () => {
    assert.deepEqual(starting(bench), [KEY]);
    bench.restarts.sending(planned(FOLLOW).workload);
    assert.deepEqual([starting(bench), [...bench.restarts.busy.keys()]], [[], [KEY]]);
  });

  it('… or fails, and is tried again later', async () => {
    await bench.end(new Error('denied'));
    assert.deepEqual([starting(bench), [...bench.restarts.retries.keys()]], [[], [KEY]]);
    assert.deepEqual(bench.told, [`error ${KEY}`, 'end']);
  });

  it('ends the back-off of those before it', async () => {
    await bench.end(new Error('denied'));
    bench.carryOut(planned({ action: 'restart' }));
    await bench.end();
    assert.deepEqual([...bench.restarts.retries.keys()], []);
    assert.deepEqual(bench.told.slice(2), [`observed ${KEY}`, 'end']);
  });

  for (const error of [undefined, new Error('denied')])
    it(`${error ? 'fails' : 'ends'} unheard when its process has stopped: the next leader looks for itself`, async () => {
      bench.stop.abort();
      await bench.end(error);
      assert.deepEqual([bench.told, [...bench.restarts.retries.keys()]], [['end'], []]);
    });
});
