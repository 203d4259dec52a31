import assert from 'node:assert/strict';
import { argumentsOf, containerEnvironment } from '../../../src/cli/installed/containerEnvironment.ts';
import { containerSettings } from '../../../src/cli/installed/containerSettings.ts';
import { mountedKey } from '../../../src/cli/installed/mountedKey.ts';
import type { Container } from '../../../src/cli/installed/operatorDeployment.ts';
import type { Labels } from '../../../src/model.ts';

const MAPS: Readonly<Record<string, Labels>> = { limits: { MELTEMI_PDB: 'ignore', inFlight: '7' } };

const environmentOf = (container: Partial<Container>) =>
  containerEnvironment({ namespace: 'ops', container: { name: 'meltemi', ...container } }, async (name) => MAPS[name]);

const limits = { configMapRef: { name: 'limits' } };
const environments: [name: string, container: Partial<Container>, values: Readonly<Record<string, string>>][] = [
  ['a value', { env: [{ name: 'A', value: 'a' }] }, { A: 'a' }],
  ['no value is an empty one', { env: [{ name: 'A' }] }, { A: '' }],
  ['all keys of a ConfigMap', { envFrom: [limits] }, { MELTEMI_PDB: 'ignore', inFlight: '7' }],
  ['with a prefix', { envFrom: [{ ...limits, prefix: 'X_' }] }, { X_MELTEMI_PDB: 'ignore', X_inFlight: '7' }],
  ['a ConfigMap that is not there', { envFrom: [{ configMapRef: { name: 'gone' } }] }, {}],
  [
    'one key of a ConfigMap',
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'limits', key: 'inFlight' } } }] },
    { A: '7' },
  ],
  [
    'the namespace of the pod',
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }] },
    { A: 'ops' },
  ],
  [
    'env goes over envFrom',
    { envFrom: [limits], env: [{ name: 'MELTEMI_PDB', value: 'respect' }] },
    { MELTEMI_PDB: 'respect', inFlight: '7' },
  ],
  [
    'variables of before in a value, dollars, and what is no variable',
    {
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', value: '$(A)-$$(A)-$(NONE)-$A' },
      ],
    },
    { A: 'a', B: 'a-$(A)-$(NONE)-$A' },
  ],
];
for (const [name, container, values] of environments)
  test(`the environment of a container: ${name}`, async () => {
    const { values: read, unread } = await environmentOf(container);
    assert.deepEqual(Object.fromEntries(read), values);
    assert.deepEqual(unread, []);
  });

test('Secrets are not read, and settings that come from one are named; others are nobody’s concern', async () => {
  const secret = { secretKeyRef: { name: 's', key: 'k' } } as object;
  const { values, unread } = await environmentOf({
    envFrom: [{ secretRef: { name: 'all' } }],
    env: [
      { name: 'MELTEMI_PDB', valueFrom: secret },
      { name: 'PROXY_PASSWORD', valueFrom: secret },
    ],
  });
  assert.deepEqual([...values], []);
  assert.match(unread.join('\n'), /^Secret all in envFrom is not read: .*\nthe value of MELTEMI_PDB is not read: /);
});

test('arguments follow the command, with variables in them', () =>
  assert.deepEqual(
    argumentsOf(
      { name: 'meltemi', command: ['node'], args: ['run', '--policy=$(DIR)/p.yaml'] },
      new Map([['DIR', '/etc']]),
    ),
    ['node', 'run', '--policy=/etc/p.yaml'],
  ));

const RUN = ['/app/meltemi.js', 'run'];
const settings: [name: string, args: string[], environment: Readonly<Record<string, string>>, given: object][] = [
  ['nothing', RUN, {}, {}],
  ['flags', [...RUN, '--max-in-flight', '3', '--opt-in'], {}, { maxInFlight: 3, optIn: true }],
  ['variables', RUN, { MELTEMI_MAX_IN_FLIGHT: '3' }, { maxInFlight: 3 }],
  ['a flag goes over its variable', [...RUN, '--max-in-flight=3'], { MELTEMI_MAX_IN_FLIGHT: 'x' }, { maxInFlight: 3 }],
  ['an empty variable of a list of words is none', RUN, { MELTEMI_RESTART_ON: '' }, { restartOn: new Set() }],
  ['an empty variable of a path is not set', RUN, { MELTEMI_POLICY: '' }, {}],
];
for (const [name, args, environment, given] of settings)
  test(`the settings of a container: ${name}`, () => {
    const read = containerSettings(args, new Map(Object.entries(environment)));
    assert.deepEqual(read.settings, given);
    assert.deepEqual([...read.given].sort(), Object.keys(given).sort());
    assert.deepEqual(read.unknown, []);
  });

test('a flag and a value that this version does not know are named, an unknown variable is told', () => {
  assert.throws(() => containerSettings([...RUN, '--waves'], new Map()), /unknown option '--waves'/);
  assert.throws(
    () => containerSettings([...RUN, '--pdb=maybe'], new Map()),
    /--pdb <choice>' argument 'maybe' is invalid/,
  );
  assert.throws(
    () => containerSettings(RUN, new Map([['MELTEMI_PDB', 'maybe']])),
    /MELTEMI_PDB 'maybe' is invalid. It must be respect or ignore/,
  );
  assert.throws(() => containerSettings(['sh', '-c', 'x'], new Map()), /does not run the command "run"/);
  assert.deepEqual(containerSettings(RUN, new Map([['MELTEMI_WAVES', 'a']])).unknown, ['MELTEMI_WAVES']);
});

test('the variables of the process that plans are none of the operator’s', () => {
  process.env.MELTEMI_MAX_IN_FLIGHT = '9';
  try {
    assert.deepEqual(containerSettings(RUN, new Map()).settings, {});
  } finally {
    delete process.env.MELTEMI_MAX_IN_FLIGHT;
  }
});

const POLICY = { name: 'v', configMap: { name: 'meltemi-policy' } };
const mounts = (mountPath: string, more: object = {}) => [{ name: 'v', mountPath, ...more }];
const mounted: [name: string, path: string, mounts: Container['volumeMounts'], volumes: object[], from: string][] = [
  ['a folder', '/etc/meltemi/policy.yaml', mounts('/etc/meltemi'), [POLICY], 'meltemi-policy policy.yaml'],
  ['a folder with a slash', '/etc/meltemi/p', mounts('/etc/meltemi/'), [POLICY], 'meltemi-policy p'],
  ['a single file', '/etc/p', mounts('/etc/p', { subPath: 'policy.yaml' }), [POLICY], 'meltemi-policy policy.yaml'],
  [
    'a key under another name',
    '/etc/p',
    mounts('/etc'),
    [{ name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } }],
    'c k',
  ],
  [
    'a projected volume',
    '/etc/p',
    mounts('/etc'),
    [{ name: 'v', projected: { sources: [{}, { configMap: { name: 'c' } }] } }],
    'c p',
  ],
  [
    'the deepest mount',
    '/etc/meltemi/p',
    [{ name: 'other', mountPath: '/etc' }, ...mounts('/etc/meltemi')],
    [{ name: 'other', configMap: { name: 'other' } }, POLICY],
    'meltemi-policy p',
  ],
];
for (const [name, path, volumeMounts, volumes, from] of mounted)
  test(`the ConfigMap of a policy: ${name}`, () => {
    const container = { name: 'meltemi', ...(volumeMounts && { volumeMounts }) };
    const { configMap, key } = mountedKey(path, { container, volumes: volumes as { name: string }[] });
    assert.equal(`${configMap} ${key}`, from);
  });

test('a policy that comes from no ConfigMap is given by --policy', () => {
  const container = { name: 'meltemi', volumeMounts: mounts('/etc/meltemi') };
  const volumes = [{ name: 'v', secret: {} }];
  assert.throws(
    () => mountedKey('/etc/meltemi/p', { container, volumes }),
    /volume v, .*no ConfigMap\. .*--policy FILE/,
  );
  assert.throws(() => mountedKey('/etc/meltemi2/p', { container, volumes }), /\/etc\/meltemi2\/p is not in a volume/);
});
