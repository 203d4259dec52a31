import assert from 'node:assert/strict';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { statusError } from '../../../src/cluster/apiError.ts';
import { RestartTraces } from '../../../src/tracing/restartTraces.ts';
import { type Patch, RestarterBench } from '../restart/restarterBench.ts';

let bench: RestarterBench;
let exported: InMemorySpanExporter;

beforeEach(() => {
  bench = new RestarterBench();
  exported = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: exported })] });
  bench.phases = new RestartTraces(provider.getTracer('test'));
});

/** Spans in the order of their ends. */
const spans = (): ReadableSpan[] => exported.getFinishedSpans();
const names = (): string[] => spans().map(({ name }) => name);
const roots = (): ReadableSpan[] => spans().filter(({ name }) => name === 'restart');
function root(): ReadableSpan {
  const [first, second] = roots();
  if (!first || second) throw new Error(`${roots().length} traces`);
  return first;
}

test('a restart is one trace: its phases are children of it, and it says what was restarted, why, and how that ended', async () => {
  assert.equal(await bench.restart(), 'verified');
  assert.deepEqual(names(), ['journal', 'question', 'write', 'follow', 'restart']);
  const { attributes, status, parentSpanContext } = root();
  assert.deepEqual(attributes, {
    'k8s.namespace.name': 'shop',
    'meltemi.workload.kind': 'Deployment',
    'meltemi.workload.name': 'web',
    'meltemi.run': bench.journal.get(bench.object())?.run,
    'meltemi.drifts': ['image'],
    'meltemi.from': 'proxyv2:1.30.2 (default)',
    'meltemi.to': 'proxyv2:1.31.0 (default)',
    'meltemi.outcome': 'verified',
    'meltemi.detail': attributes['meltemi.detail'],
  });
  assert.deepEqual([status.code, parentSpanContext], [SpanStatusCode.UNSET, undefined]);
  const { spanId, traceId } = root().spanContext();
  for (const child of spans().filter(({ name }) => name !== 'restart'))
    assert.deepEqual([child.parentSpanContext?.spanId, child.spanContext().traceId], [spanId, traceId]);
});

test('each restart is a trace of its own', async () => {
  bench = new RestarterBench(bench.object(), { ...bench.object(), name: 'cart', uid: 'cart' });
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: exported })] });
  bench.phases = new RestartTraces(provider.getTracer('test'));
  await Promise.all([bench.restart('web'), bench.restart('cart')]);
  assert.equal(new Set(roots().map((one) => one.spanContext().traceId)).size, 2);
  assert.deepEqual(
    new Set(roots().map(({ attributes }) => attributes['meltemi.workload.name'])),
    new Set(['web', 'cart']),
  );
});

test('a restart that fails is an error, with its outcome', async () => {
  bench.ticked = () => {
    bench.current.clear();
    const { rollout } = bench.object();
    bench.change({ rollout: { ...rollout, updated: 0, available: 0 } });
  };
  assert.match(await bench.restart(), /^failed:/);
  assert.equal(root().status.code, SpanStatusCode.ERROR);
  assert.match(String(root().attributes['meltemi.outcome']), /^failed:/);
});

test('one that is overtaken is not made, which is no error', async () => {
  const planned = await bench.planned();
  bench.template({ theirs: 'yes' });
  await assert.rejects(bench.restarter.restart(planned));
  assert.deepEqual(names(), ['journal', 'question', 'restart']);
  const { attributes, status } = root();
  assert.deepEqual(
    [attributes['meltemi.outcome'], attributes['meltemi.detail'], status.code],
    ['not-made', 'the workload has just changed', SpanStatusCode.UNSET],
  );
});

test('one that the API server refuses is an error, and says why; its text is cut', async () => {
  bench.arriving = () => {
    throw statusError({ method: 'PATCH', path: 'web' }, { code: 429, message: 'x'.repeat(5000) });
  };
  assert.match(await bench.restart(), /^ApiError/);
  const { attributes, status } = root();
  assert.deepEqual([attributes['meltemi.outcome'], status.code], ['not-made', SpanStatusCode.ERROR]);
  assert.ok(String(attributes['meltemi.detail']).length <= 500);
});

test('a write that another client overtakes asks and writes again', async () => {
  let writes = 1;
  bench.arriving = ({ spec }: Patch) => {
    if (spec && writes-- > 0) bench.change({ annotations: { touched: 'yes' } });
  };
  assert.equal(await bench.restart(), 'verified');
  assert.deepEqual(names(), ['journal', 'question', 'write', 'journal', 'question', 'write', 'follow', 'restart']);
});

test('one that this process only follows for an earlier leader has no trace', async () => {
  bench.done = () => bench.stop.abort();
  await bench.restart();
  assert.equal(root().attributes['meltemi.outcome'], undefined);
  exported.reset();
  bench.restartProcess();
  await bench.follow();
  assert.deepEqual(names(), []);
});
