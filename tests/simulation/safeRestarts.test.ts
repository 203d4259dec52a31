import assert from 'node:assert/strict';
import { FLAVOURS, flavourOf, SHIFTING, seedsOf } from './scenario.ts';
import type { Result } from './simulate.ts';
import { SimulationWorkers } from './workers.ts';

/** The same runs every time, unless the environment names another number of them or one seed. */
const RUNS = Number(process.env.SIMULATION_RUNS ?? 4400);
/** Of those in which the ground shifts, which have seeds of their own. */
const SHIFTING_RUNS = Math.ceil(RUNS / 12);
const ONE = process.env.SIMULATION_SEED;
const PLAYERS = 2;
/** A limit that is seldom reached would be kept without anybody keeping it. */
const GOOD_SHARE = 0.3;

const workers = new SimulationWorkers(ONE === undefined ? PLAYERS : 1);
afterAll(() => workers.close());

const seeds =
  ONE === undefined
    ? [...Array.from({ length: RUNS }, (_, seed) => seed), ...seedsOf(SHIFTING, SHIFTING_RUNS)]
    : [Number(ONE)];
const counted = new Map<string, number>();
const count = (what: string, by = 1): void => void counted.set(what, (counted.get(what) ?? 0) + by);

for (const flavour of [...FLAVOURS, SHIFTING]) {
  const mine = seeds.filter((seed) => flavourOf(seed) === flavour);
  if (mine.length === 0) continue;
  test(`${flavour}: ${mine.length} runs keep every rule and come to their end`, async () => {
    let restarts = 0;
    let broken: Result | undefined;
    await workers.play(mine, (result) => {
      note(result);
      restarts += result.restarts;
      if (result.violations.length > 0) broken ??= result;
      return broken !== undefined;
    });
    if (broken) await fail(broken);
    console.info(`${flavour}: ${mine.length} runs, ${restarts} restarts`);
  });
}

function note({ limits, outcomes, held, acts, tenantRestarts }: Result): void {
  count('tenant acts', acts);
  count('tenant restarts', tenantRestarts);
  for (const [limit, reached] of limits) {
    count(`could ${limit}`);
    if (reached) count(`reached ${limit}`);
  }
  for (const outcome of outcomes) count(`outcome ${outcome}`);
  for (const reason of held) count(`held ${reason}`);
}

/** Plays a seed again with its trace, which must break in the same way. */
async function fail({ seed, violations }: Result): Promise<never> {
  const again = await workers.trace(seed);
  const shown = again.trace.filter((line) => /^ *\d/.test(line) || ONE !== undefined);
  console.error(shown.join('\n'));
  const words = violations.map(([invariant, detail]) => `${invariant}: ${detail}`).join('\n');
  assert.deepEqual(again.violations, violations, `seed ${seed} does not repeat exactly`);
  assert.fail(
    `seed ${seed} (${again.flavour}) breaks\n${words}\nto see it again: SIMULATION_SEED=${seed} npm test -- simulation`,
  );
}

(ONE === undefined ? test : test.skip)('the limits are reached, and every end is seen', () => {
  const all = (kind: string): string[] => [...counted.keys()].filter((what) => what.startsWith(`${kind} `));
  const names = (kind: string): string[] => all(kind).map((what) => what.slice(kind.length + 1));
  for (const limit of names('could')) {
    const [could, reached] = [counted.get(`could ${limit}`) ?? 0, counted.get(`reached ${limit}`) ?? 0];
    console.info(`${limit}: reached in ${reached} of ${could} runs in which it could be`);
    assert.ok(reached >= could * GOOD_SHARE, `${limit} was reached in ${reached} of ${could} runs only`);
  }
  for (const kind of ['tenant', 'outcome', 'held'])
    console.info(
      `${kind}: ${names(kind)
        .map((name) => `${name} ${counted.get(`${kind} ${name}`)}`)
        .join(', ')}`,
    );
  for (const outcome of ['verified', 'reverted', 'failed:timeout', 'failed:progress-deadline', 'failed:no-sidecar'])
    assert.ok(counted.has(`outcome ${outcome}`), `no restart ended as ${outcome}`);
});

(ONE === undefined ? test : test.skip)('a seed repeats exactly', async () => {
  const busy = seeds.find((seed) => flavourOf(seed) === 'mixed') ?? 0;
  const [first, second] = [await workers.trace(busy), await workers.trace(busy)];
  assert.deepEqual(first, second);
});
