import assert from 'node:assert/strict';
import { defaultOf, type Setting } from '../../src/cli/setting.ts';
import { CONFIG_VALUES, POLICY_VALUES } from '../contract/chart/flagValues.ts';
import { refusal, render, type Values } from './chart.ts';

/** Values of each type, right and wrong ones. */
const NUMBERS = [0, 1, 2, 5, 10, 100, 999_999, -1, 1_000_000, 1.5, '5'];
const DURATIONS = [
  ...['0', '0s', '0h0m', '5s', '90s', '5m', '1h30m', '24h', '90m', '1h30s', '1h0m0s', '0h0m1s'],
  ...[
    '5',
    's',
    '1d',
    '-5s',
    ' 5s',
    '5 s',
    '5s ',
    '1.5h',
    '1.5s',
    '0.5m',
    '500ms',
    '1000ms',
    '1h90m',
    '1m60s',
    '5m1h',
    '05m',
    '1h1h',
  ],
  ...[
    '8760h',
    '8760h0m0s',
    '8759h59m59s',
    '8760h1s',
    '8761h',
    '525600m',
    '525600m1s',
    '525601m',
    '31536000s',
    '31536001s',
  ],
  ...['999999999999h', 5, 1.5],
];
const NAMES = [
  ['shop'],
  ['shop', 'bank-2'],
  [],
  ['Shop'],
  ['-shop'],
  ['shop-*'],
  ['shop_1'],
  ['a'.repeat(63)],
  ['a'.repeat(64)],
  ...['shop', 'shop,bank', ' shop , bank ', 'shop,,bank', 'shop,', 'Shop', 'shop bank', ',', ', ,'],
];
const PATTERNS = [
  ['shop-*'],
  ['*'],
  ['shop', 'bank*'],
  ['Shop*'],
  ['-shop'],
  ['shop.*'],
  ['a'.repeat(63)],
  ['a'.repeat(64)],
  ...['shop-*', 'shop*, *bank', 'shop*,', 'Shop*', 'shop *', ','],
];
const ADDRESSES = [
  ...['0', ':8080', '127.0.0.1:8080', '[::1]:8080', '10.0.0.1:1', ':65535'],
  ...['localhost', '8080', ':port', ':123456', ':65536', ':99999', ':08080', ':-1', ': 8080', ':8080 '],
];
const SELECTORS = [
  ...['tier=db', 'tier==db', 'tier!=db', 'tier = db', 'tier', '!tier', '! tier', 'tier=', 'a=b,c!=d,!e'],
  ...['tier in (db,cache)', 'tier notin (db)', 'tier in ( db , cache )', 'tier in(db)', 'tier in ()', 'a in (b),c=d'],
  ...['example.org/tier=db', `${'a'.repeat(253)}/b`, 'a'.repeat(63), `a=${'b'.repeat(63)}`, 'A.b_c-d=E.f_g-h'],
  ...[
    '=db',
    'tier=db=x',
    'tier=a b',
    '!tier=db',
    'tier in (db',
    'tier in db',
    'tier within (db)',
    'in (a)',
    'a,,b',
    ',a',
    'a,',
    ' ',
  ],
  ...[
    'a/b/c',
    '/b',
    'a/',
    'Example/b',
    '-a',
    'a-',
    'a=-b',
    `${'a'.repeat(254)}/b`,
    'a'.repeat(64),
    `a=${'b'.repeat(64)}`,
    'a=ü',
  ],
];
const SWITCHES = [true, false, 'yes', 'true', 1];

function samplesFor(setting: Setting<unknown>): readonly unknown[] {
  const { words = [], list } = setting;
  const usual = defaultOf(setting);
  if (typeof usual === 'boolean') return SWITCHES;
  if (words.length > 0)
    return list
      ? [[words[0]], words, [], ['none'], [words[0], 'none'], words.join(), `${words[0]}, `, 'none', ',']
      : [...words, 'none'];
  if (setting.value === 'names') return NAMES;
  if (setting.value === 'patterns') return PATTERNS;
  if (setting.value === 'duration') return DURATIONS;
  if (setting.value === 'address') return ADDRESSES;
  if (setting.value === 'selector') return SELECTORS;
  return typeof usual === 'number' ? NUMBERS : [];
}

/** Whether the operator takes what the chart would give it. A value of another type than the flag's is no value of the chart. */
function taken(setting: Setting<unknown>, value: unknown): boolean {
  const usual = defaultOf(setting);
  if (
    typeof usual === 'boolean' ? typeof value !== 'boolean' : typeof usual === 'number' && !fitsNumber(setting, value)
  )
    return false;
  try {
    setting.parse(Array.isArray(value) ? value.join(',') : String(value));
    return true;
  } catch {
    return false;
  }
}

const fitsNumber = ({ value: kind }: Setting<unknown>, value: unknown): boolean =>
  kind === 'duration' ? typeof value === 'string' : typeof value === 'number';

/** Addresses that no one outside the container reaches are refused by the chart alone, except for the page, for kubectl port-forward. */
const UNREACHABLE = /^(127\.|localhost:|\[::1\])/;

let compared = 0;
for (const { name, setting } of [...CONFIG_VALUES, ...POLICY_VALUES]) {
  const samples = samplesFor(setting);
  if (samples.length === 0) continue;
  test(`config.${name}: the chart takes what the operator takes`, async () => {
    const verdicts = samples.map(async (value) => {
      const values: Values = { config: { [name]: value } };
      const words = await render(values).then(
        () => '',
        (error: Error) => error.message,
      );
      const isUnreachable = name !== 'statusBindAddress' && UNREACHABLE.test(String(value));
      return { value, chart: words === '', operator: taken(setting, value) && !isUnreachable };
    });
    const all = await Promise.all(verdicts);
    compared += all.length;
    assert.deepEqual(
      all.filter(({ chart, operator }) => chart !== operator),
      [],
    );
  });
}

test('five hundred values are compared, and wrong ones are among them', async () => {
  assert.ok(compared >= 500, `${compared}`);
  await refusal({ config: { restartTimeout: '0s' } });
});
