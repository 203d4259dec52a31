import type { Dice } from './dice.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const HUGE = 'x'.repeat(50_000);

/** Values that nobody expects; made anew each time, because readers may keep them. */
const HOSTILE: readonly (() => Json)[] = [
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => 1e308,
  () => 0.5,
  () => '',
  () => 'x',
  () => 'CREATE',
  () => '\u0000\ud800',
  () => HUGE,
  () => '9999999999-99-99T99:99:99Z',
  () => [],
  () => [null],
  () => [[]],
  () => Array(500).fill(0),
  () => ({}),
  () => ({ toString: 1, valueOf: 1 }),
  () => JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": 1}}'),
  () => JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`),
];

/** A copy of a JSON value with some of it replaced, removed or repeated; one to three wounds. */
export function mangle<T>(dice: Dice, value: T): T {
  let copy = structuredClone(value) as Json;
  for (let wounds = 1 + dice.below(3); wounds > 0; wounds--) copy = wound(dice, copy);
  return copy as T;
}

/** Descends a random way and hurts what is there. */
function wound(dice: Dice, value: Json): Json {
  const inner = value !== null && typeof value === 'object' ? Object.keys(value) : [];
  if (inner.length === 0 || dice.once(8)) return dice.pick(HOSTILE)();
  const key = dice.pick(inner);
  if (Array.isArray(value)) woundArray(dice, value, Number(key));
  else woundObject(dice, value as { [key: string]: Json }, key);
  return value;
}

function woundArray(dice: Dice, list: Json[], at: number): void {
  const way = dice.below(10);
  if (way === 0) list.splice(at, 1);
  else if (way === 1) list.push(structuredClone(list[at] ?? null));
  else list[at] = wound(dice, list[at] ?? null);
}

function woundObject(dice: Dice, object: { [key: string]: Json }, key: string): void {
  if (dice.once(10)) delete object[key];
  else if (dice.once(15)) object[dice.pick(['__proto__x', 'toString', '', HUGE])] = dice.pick(HOSTILE)();
  else object[key] = wound(dice, object[key] ?? null);
}

/** A copy of bytes with some of them changed, cut off, repeated or put in. */
export function mangleBytes(dice: Dice, bytes: Buffer): Buffer {
  let copy = Buffer.from(bytes);
  for (let wounds = 1 + dice.below(4); wounds > 0; wounds--) copy = woundBytes(dice, copy);
  return copy;
}

function woundBytes(dice: Dice, bytes: Buffer): Buffer<ArrayBuffer> {
  const at = dice.below(bytes.length + 1);
  const rest = bytes.subarray(at);
  switch (dice.below(5)) {
    case 0:
      return Buffer.from(bytes.subarray(0, at));
    case 1:
      return Buffer.concat([bytes.subarray(0, at), rest.subarray(dice.below(20))]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(dice.below(20), dice.below(256)), rest]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), rest.subarray(0, 30), rest]);
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([dice.below(256)]), rest.subarray(1)]);
  }
}
