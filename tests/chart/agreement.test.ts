import assert from 'node:assert/strict';
import { defaultOf, type Setting } from '../../src/cli/setting.ts';
import { CONFIG_VALUES } from '../contract/chart/flagValues.ts';
import { refusal, render, type Values } from './chart.ts';

/** Values of each type, right and wrong ones. What the schema leaves to the operator is not among them: see `settingSchema`. */
const NUMBERS = [0, 1, 2, 5, 10, 100, 999_999, -1, 1_000_000, 1.5, '5'];
const DURATIONS = ['0', '0s', '0h0m', '5s', '90s', '5m', '1h30m', '24h', '5', 's', '1d', '-5s', ' 5s', '5 s', 5];
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
];
const ADDRESSES = ['0', ':8080', '127.0.0.1:8080', '[::1]:8080', 'localhost', '8080', ':port', ':123456'];
const SWITCHES = [true, false, 'yes', 'true', 1];

function samplesFor(setting: Setting<unknown>): readonly unknown[] {
  const { words = [], list } = setting;
  const usual = defaultOf(setting);
  if (typeof usual === 'boolean') return SWITCHES;
  if (words.length > 0) return list ? [[words[0]], words, [], ['none'], [words[0], 'none']] : [...words, 'none'];
  if (setting.value === 'names') return NAMES;
  if (setting.value === 'patterns') return PATTERNS;
  if (setting.value === 'duration') return DURATIONS;
  if (setting.value === 'address') return ADDRESSES;
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

/** Addresses that no one outside the container reaches are refused by the chart alone. */
const UNREACHABLE = /^(127\.|localhost:|\[::1\])/;

let compared = 0;
for (const { name, setting } of CONFIG_VALUES) {
  const samples = samplesFor(setting);
  if (samples.length === 0) continue;
  test(`config.${name}: the chart takes what the operator takes`, async () => {
    const verdicts = samples.map(async (value) => {
      const values: Values = { config: { [name]: value } };
      const words = await render(values).then(
        () => '',
        (error: Error) => error.message,
      );
      return { value, chart: words === '', operator: taken(setting, value) && !UNREACHABLE.test(String(value)) };
    });
    const all = await Promise.all(verdicts);
    compared += all.length;
    assert.deepEqual(
      all.filter(({ chart, operator }) => chart !== operator),
      [],
    );
  });
}

test('two hundred values are compared, and wrong ones are among them', async () => {
  assert.ok(compared >= 200, `${compared}`);
  await refusal({ config: { restartTimeout: '0s' } });
});
