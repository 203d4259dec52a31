import assert from 'node:assert/strict';
import type { Answer } from '../../../../src/expect/answer.ts';
import { AnswerClasses } from '../../../../src/expect/classes/answerClasses.ts';
import { Injectors } from '../../../../src/expect/injectors.ts';
import type { KeptAnswer } from '../../../../src/expect/keptAnswers.ts';
import type { AskedInjection } from '../../../../src/expect/mesh.ts';
import { type Question, questionKey } from '../../../../src/expect/question.ts';
import { reason } from '../../../../src/reasons.ts';
import { HOUR, injection, istiod, MINUTE, NOW } from '../../../builders/workload.ts';
import { SIDECAR } from './istioTemplates.ts';

const INJECTOR_CONFIG = { config: JSON.stringify({ templates: { sidecar: SIDECAR } }) };

const sidecar = (image: string): Answer => ({
  kind: 'sidecar',
  sidecar: { image, revision: 'default', placement: 'container' },
});
const REFUSED: Answer = { kind: 'unknown', reason: reason('injector-refused', 'no') };

const word = (answer: Answer): string =>
  answer.kind === 'sidecar' ? answer.sidecar.image : answer.kind === 'unknown' ? answer.reason.code : answer.kind;

/** Injectors over an injector that answers by the name of the workload, and a clock that only the test moves. */
class Bench {
  now = NOW;
  readonly asked: string[] = [];
  readonly unlike: string[] = [];
  rings = 0;
  /** What is answered about a workload; an error when nobody answers. */
  answers: (name: string) => Answer = () => sidecar('proxy:1');
  readonly injectors: Injectors;
  readonly injection: AskedInjection;

  constructor(background = true) {
    this.injection = injection({ istiod: istiod(), injectorConfig: INJECTOR_CONFIG });
    this.injectors = new Injectors({
      cluster: { service: async () => undefined, accountUid: async () => undefined },
      now: () => this.now,
      post: async ({ name }) => {
        this.asked.push(name);
        return this.answers(name);
      },
      onUnlike: ({ name }) => this.unlike.push(name),
      ...(background && { onTried: () => this.rings++ }),
    });
  }

  question(name: string, namespace = 'shop'): Question {
    const container = { name: 'app', image: 'app:1', env: [{ name: 'NAME', value: name }] };
    const template = { labels: { app: name }, annotations: {}, spec: { containers: [container] } };
    return { injection: this.injection, namespace, name, template, templateHash: `hash-of-${name}` };
  }

  /** One after the other as an evaluation does: all at once. */
  async all(names: readonly string[], namespace?: string): Promise<string[]> {
    const questions = names.map((name) => this.question(name, namespace));
    return (await Promise.all(questions.map((one) => this.injectors.ask(one)))).map(word);
  }

  /** What was asked since the last time. */
  news(): string[] {
    return this.asked.splice(0);
  }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `web-${index}`);
const each = (count: number, image: string): string[] => Array.from({ length: count }, () => image);

test('of like templates two are asked about, and the others share the answer', async () => {
  const bench = new Bench();
  assert.deepEqual(await bench.all(names(40)), each(40, 'proxy:1'));
  assert.deepEqual(bench.news(), ['web-0', 'web-1']);
  assert.deepEqual(await bench.all(names(40)), each(40, 'proxy:1'));
  assert.deepEqual(bench.news(), []);
});

test('of a large class one in fifty is asked about as well', async () => {
  const bench = new Bench();
  assert.deepEqual(await bench.all(names(500)), each(500, 'proxy:1'));
  assert.deepEqual(bench.news(), [
    'web-0',
    'web-1',
    ...[50, 100, 150, 200, 250, 300, 350, 400, 450].map((n) => `web-${n}`),
  ]);
});

test('namespaces do not share answers', async () => {
  const bench = new Bench();
  await bench.all(names(40), 'shop');
  bench.news();
  await bench.all(names(40), 'bank');
  assert.deepEqual(bench.news(), ['web-0', 'web-1']);
});

test('if two templates of a class have different answers, each is asked about by itself, until the epoch ends', async () => {
  const bench = new Bench();
  bench.answers = (name) => sidecar(name === 'web-1' ? 'other:1' : 'proxy:1');
  assert.deepEqual(await bench.all(names(5)), ['proxy:1', 'other:1', 'proxy:1', 'proxy:1', 'proxy:1']);
  assert.deepEqual(bench.news().sort(), names(5));
  assert.deepEqual(bench.unlike.length, 1);
  bench.now += 2 * HOUR;
  await bench.injectors.recheck([]);
  await bench.injectors.keepOnly([bench.injection]);
  await bench.all(names(5));
  assert.deepEqual(bench.news().sort(), names(5));
  assert.deepEqual(bench.unlike.length, 1);
});

test('that the answers of a class differ is told once, and takes back nothing a second time', async () => {
  const bench = new Bench();
  bench.answers = (name) => sidecar(name === 'web-1' ? 'other:1' : 'proxy:1');
  for (let twice = 0; twice < 2; twice++) await bench.all(names(5));
  await bench.injectors.askAfresh(bench.question('web-3'));
  assert.equal(bench.unlike.length, 1);
  assert.ok(bench.injectors.kept(bench.question('web-0')));
});

test('a later sample that differs takes back what was shared', async () => {
  const bench = new Bench();
  bench.answers = (name) => sidecar(name === 'web-50' ? 'other:1' : 'proxy:1');
  const shared = bench.question('web-7');
  await bench.all(names(40));
  const before = bench.injectors.kept(shared) ?? assert.fail('it shares no answer');
  await bench.all(names(60));
  assert.equal(bench.unlike.length, 1);
  assert.equal(bench.injectors.kept(shared), undefined);
  assert.equal(before.isGone, true);
  assert.ok(bench.rings > 0);
  bench.news();
  const again = await bench.all(names(60));
  assert.deepEqual(
    again,
    names(60).map((name) => (name === 'web-50' ? 'other:1' : 'proxy:1')),
  );
});

test('the question before a write is about the workload’s own template', async () => {
  const bench = new Bench();
  bench.answers = (name) => sidecar(name === 'web-7' ? 'own:1' : 'proxy:1');
  assert.equal((await bench.all(names(10)))[7], 'proxy:1');
  bench.news();
  assert.equal(word(await bench.injectors.askAfresh(bench.question('web-7'))), 'own:1');
  assert.deepEqual(bench.news(), ['web-7']);
});

test('an own answer counts more than a shared one, and ends the sharing if it is another', async () => {
  const bench = new Bench();
  bench.answers = (name) => sidecar(name === 'web-7' ? 'own:1' : 'proxy:1');
  await bench.all(names(10));
  await bench.injectors.askAfresh(bench.question('web-7'));
  bench.news();
  assert.deepEqual(await bench.all(['web-7', 'web-8']), ['own:1', 'proxy:1']);
  assert.deepEqual(bench.news(), ['web-8']);
  assert.deepEqual(bench.unlike, ['web-7']);
});

test('an own answer that is the same ends nothing', async () => {
  const bench = new Bench();
  await bench.all(names(10));
  await bench.injectors.askAfresh(bench.question('web-7'));
  bench.news();
  await bench.all(names(10));
  assert.deepEqual([bench.news(), bench.unlike], [[], []]);
});

test('when shared answers are too old, two are asked about again and one more in turn', async () => {
  const bench = new Bench();
  const seen = new Set<string>();
  for (let hour = 0; hour < 12; hour++) {
    await bench.all(names(10));
    const asked = bench.news();
    assert.ok(asked.length <= 5, `${asked.join()} were asked about`);
    for (const name of asked) seen.add(name);
    bench.now += HOUR + MINUTE;
    await bench.injectors.recheck([]);
  }
  assert.deepEqual([...seen].sort(), names(10).sort());
});

test('in the end each template is asked about by itself, again and again', async () => {
  const bench = new Bench();
  await bench.all(names(6));
  for (let round = 0; round < 3; round++) {
    bench.news();
    for (let hours = 0; hours < 6; hours++) {
      bench.now += HOUR;
      await bench.all(names(6));
    }
    assert.deepEqual(new Set(bench.news()), new Set(names(6)));
  }
});

test('a question that is refused is not shared, and keeps no other from an answer', async () => {
  const bench = new Bench();
  bench.answers = (name) => (name === 'web-0' ? REFUSED : sidecar('proxy:1'));
  assert.deepEqual(await bench.all(names(10)), ['injector-refused', ...each(9, 'proxy:1')]);
  assert.deepEqual(bench.news(), ['web-0', 'web-1', 'web-2']);
});

test('templates that are all refused are asked about by themselves', async () => {
  const bench = new Bench();
  bench.answers = () => REFUSED;
  assert.deepEqual(await bench.all(names(10)), each(10, 'injector-refused'));
  assert.deepEqual(bench.news().sort(), names(10));
});

test('templates that were all refused share an answer as soon as they get one', async () => {
  const bench = new Bench();
  bench.answers = () => REFUSED;
  await bench.all(names(10));
  bench.now += MINUTE;
  bench.answers = () => sidecar('proxy:1');
  bench.news();
  assert.deepEqual(await bench.all(names(10)), each(10, 'proxy:1'));
  assert.deepEqual(bench.news(), ['web-0', 'web-1']);
});

test('templates that are all refused do not wait for each other', async () => {
  let [open, most] = [0, 0];
  const classes = new AnswerClasses({
    ask: async () => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open -= 1;
      return REFUSED;
    },
    kept: () => undefined,
    drops: () => 0,
    now: () => NOW,
    onDissolved: () => assert.fail('none is answered'),
  });
  const bench = new Bench();
  await Promise.all(names(10).map((name) => classes.ask(bench.question(name))));
  assert.equal(most, 6);
});

const ends: readonly [name: string, happens: (bench: Bench) => unknown][] = [
  [
    'an hour has passed',
    (bench) => {
      bench.now += HOUR;
    },
  ],
  [
    'the samples are refused',
    async (bench) => {
      bench.answers = () => REFUSED;
      for (const name of names(2)) await bench.injectors.askAfresh(bench.question(name));
    },
  ],
];
test.each(ends)('nobody shares an answer any longer when %s', async (_, happens) => {
  const bench = new Bench();
  await bench.all(names(10));
  assert.ok(bench.injectors.isShared(bench.question('web-9')));
  await happens(bench);
  assert.equal(bench.injectors.kept(bench.question('web-9')), undefined);
});

test('a sample that is refused later gives its place to another', async () => {
  const bench = new Bench();
  await bench.all(names(10));
  bench.answers = (name) => (name === 'web-0' ? REFUSED : sidecar('proxy:1'));
  await bench.injectors.askAfresh(bench.question('web-0'));
  assert.equal(bench.injectors.kept(bench.question('web-9')), undefined);
  bench.news();
  assert.deepEqual(await bench.all(names(10)), ['injector-refused', ...each(9, 'proxy:1')]);
  assert.deepEqual(bench.news(), ['web-2']);
});

for (const background of [true, false])
  test(`an injector that does not answer leaves all unknown, and is asked again later${background ? '' : ', by a plan'}`, async () => {
    const bench = new Bench(background);
    bench.answers = () => {
      throw new Error('refused');
    };
    assert.deepEqual(await bench.all(names(10)), each(10, 'injector-unreachable'));
    bench.answers = () => sidecar('proxy:1');
    for (let tries = 0; tries < 3; tries++) {
      bench.now += HOUR;
      await bench.all(names(10));
      await new Promise(setImmediate);
    }
    assert.deepEqual(await bench.all(names(10)), each(10, 'proxy:1'));
  });

test('an answer that changes is shared anew once its epoch is forgotten', async () => {
  const bench = new Bench();
  await bench.all(names(10));
  bench.answers = () => sidecar('proxy:2');
  bench.injectors.forget(bench.injection);
  bench.news();
  assert.deepEqual(await bench.all(names(10)), each(10, 'proxy:2'));
  assert.deepEqual(bench.news(), ['web-0', 'web-1']);
});

const forgets: readonly [name: string, forget: (bench: Bench) => unknown][] = [
  ['forgotten', ({ injectors, injection }) => injectors.forget(injection)],
  ['over', ({ injectors }) => injectors.keepOnly([])],
];
test.each(forgets)('a class whose answers differed shares again once its epoch is %s', async (_, forget) => {
  const bench = new Bench();
  bench.answers = (name) => sidecar(name === 'web-1' ? 'other:1' : 'proxy:1');
  await bench.all(names(5));
  bench.answers = () => sidecar('proxy:1');
  await forget(bench);
  bench.news();
  await bench.all(names(5));
  assert.deepEqual(bench.news(), ['web-0', 'web-1']);
});

test('a workload whose own question has failed does not share the answer of others', async () => {
  const bench = new Bench();
  await bench.all(names(10));
  bench.answers = () => ({ kind: 'unknown', reason: reason('bad-answer', 'no') });
  await bench.injectors.askAfresh(bench.question('web-7'));
  const again = await bench.all(names(10));
  assert.deepEqual(
    again,
    names(10).map((name) => (name === 'web-7' ? 'bad-answer' : 'proxy:1')),
  );
});

test('a shared answer is kept as long as that of the sample', async () => {
  const bench = new Bench();
  await bench.all(names(10));
  const [sample, other] = [bench.question('web-0'), bench.question('web-9')].map((one) => bench.injectors.kept(one));
  assert.ok(sample && sample === other);
  bench.injectors.forget(bench.injection);
  assert.equal(sample.isGone, true);
});

test('thousands of like templates in one namespace cost a few lookups each', async () => {
  const bench = new Bench();
  const kept = new Map<string, KeptAnswer>();
  let lookups = 0;
  const classes = new AnswerClasses({
    ask: async (asked) => {
      const answer = sidecar('proxy:1');
      kept.set(questionKey(asked), { answer, until: NOW + HOUR, isGone: false });
      return answer;
    },
    kept: (key) => {
      lookups += 1;
      return kept.get(key);
    },
    drops: () => 0,
    now: () => NOW,
    onDissolved: () => assert.fail('all answers are the same'),
  });
  const questions = names(5000).map((name) => bench.question(name));
  await Promise.all(questions.map((one) => classes.ask(one)));
  for (const one of questions) assert.equal(classes.shared(one)?.answer.kind, 'sidecar');
  assert.equal(kept.size, 101);
  assert.ok(lookups < 10 * questions.length, `${lookups} lookups`);
});
