import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

/** The way of the data. A file may import from its own room and from rooms to the left; `cluster` and the nouns lie beside. */
const STAGES = ['watch', 'expect', 'compare', 'plan', 'restart', 'report'];
/** Type-only imports carry no data; the law is about values. */
const IMPORT = /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = globSync('src/**/*.ts');
const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, type, from, bare]) => {
    const target = from ?? bare ?? '';
    return {
      file,
      target: target.startsWith('.') ? relative('.', join(dirname(file), target)) : target,
      typeOnly: type !== undefined,
    };
  }),
);
/** A file without its comments, which may speak of anything. */
const code = (file: string): string => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
const room = (file: string): string => file.split('/')[1] ?? '';
const show = ({ file, target }: Import): string => `${file} imports ${target}`;
const breaking = (broken: (one: Import) => boolean): string[] => imports.filter(broken).map(show);

test('there is something to check', () => assert.ok(files.length > 30 && imports.length > 100));

test('no stage imports from a stage to its right', () => {
  // watch is where the mesh is assembled, so it uses the pure code of expect; everything else goes one way
  const place = (name: string): number => STAGES.indexOf(name);
  assert.deepEqual(
    breaking(({ file, target, typeOnly }) => {
      const [from, to] = [place(room(file)), place(room(target))];
      return !typeOnly && from >= 0 && to > from && !(room(file) === 'watch' && room(target) === 'expect');
    }),
    [],
  );
});

test('pure stages do no I/O and know no clock', () => {
  const pure = files.filter((file) => /^src\/(compare|plan)\//.test(file));
  const impure = pure.filter((file) => /Date\.now|new Date\(\)|Math\.random|process\.|setTimeout/.test(code(file)));
  assert.deepEqual(impure, []);
  assert.deepEqual(
    breaking(
      ({ file, target }) =>
        pure.includes(file) && /^(node:(?!crypto)|undici|winston|prom-client|@kubernetes)/.test(target),
    ),
    [],
  );
});

test('only cluster/ uses the Kubernetes client library', () => {
  assert.deepEqual(
    breaking(({ file, target }) => target.startsWith('@kubernetes/') && room(file) !== 'cluster'),
    [],
  );
});

test('only report/ logs and counts', () => {
  assert.deepEqual(
    breaking(({ file, target }) => /^(winston|prom-client)$/.test(target) && room(file) !== 'report'),
    [],
  );
});

test('only main.ts touches the process', () => {
  const touching = files.filter((file) => /\bprocess\.(exit|argv|env|on|once|stdout|stderr)\b/.test(code(file)));
  assert.deepEqual(touching, ['src/main.ts']);
});

test('nothing imports main.ts or the command line, which wire everything', () => {
  assert.deepEqual(
    breaking(({ file, target }) => /^src\/(main\.ts|cli\/)/.test(target) && !/^src\/(main\.ts|cli\/)/.test(file)),
    [],
  );
});

test('no barrel files, no drawers for odds and ends', () => {
  assert.deepEqual(
    files.filter((file) => /(^|\/)(index|utils?|helpers?|manager|common|misc)\.ts$/i.test(file)),
    [],
  );
});

test('every dependency has its reason in docs/decisions', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const reasons = globSync('docs/decisions/*.md')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !reasons.includes(`\`${name}\``),
  );
  assert.deepEqual(missing, []);
});

test('every dependency is used', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  const unused = Object.keys(dependencies).filter(
    (name) => !imports.some(({ target }) => target === name || target.startsWith(`${name}/`)),
  );
  assert.deepEqual(unused, []);
});
