import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followFile } from '../../../src/watch/followFile.ts';
import { readTextFile, type TextFile } from '../../../src/watch/textFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-follow-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LIMIT = 1024;
let files = 0;

/** Makes a change before each look, and tells what the follower told, look by look. */
async function told(
  changes: readonly ((path: string) => void)[],
  path = join(folder, `${++files}.yaml`),
): Promise<string[][]> {
  const stop = new AbortController();
  const [first = () => undefined, ...rest] = changes;
  first(path);
  const seen: string[][] = [];
  await followFile({
    path,
    limit: LIMIT,
    from: await readTextFile(path, LIMIT),
    signal: stop.signal,
    pause: async () => {
      const change = rest.shift();
      if (change) seen.push([]);
      else stop.abort();
      change?.(path);
    },
    onChange: (file: TextFile) => seen.at(-1)?.push('text' in file ? file.text : file.problem),
  });
  return seen;
}

const write = (text: string) => (path: string) => writeFileSync(path, text);
const nothing = (): void => undefined;

test('an edit counts from the second look that sees it, and once', async () =>
  assert.deepEqual(await told([write('a'), nothing, write('b'), nothing, nothing]), [[], [], ['b'], []]));

test('half a file, as editors leave it for a moment, is passed over', async () =>
  assert.deepEqual(await told([write('a'), write(''), write('b'), nothing]), [[], [], ['b']]));

test('an edit that is taken back at once never was', async () =>
  assert.deepEqual(await told([write('a'), write('b'), write('a'), nothing]), [[], [], []]));

test('an edit of the same size and time is seen', async () => {
  const dated = (text: string) => (path: string) => {
    writeFileSync(path, text);
    utimesSync(path, 1, 1);
  };
  assert.deepEqual(await told([dated('a'), dated('b'), nothing]), [[], ['b']]);
});

test('a file that vanishes, is emptied or comes back is told', async () => {
  const changes = [write('a'), (path: string) => rmSync(path), nothing, write(''), nothing, write('a'), nothing];
  assert.deepEqual(await told(changes), [[], ['does not exist'], [], [''], [], ['a']]);
});

test('a mounted ConfigMap: the link to the folder is swapped', async () => {
  const mount = join(folder, 'mount');
  const version = (name: string) => (): void => {
    mkdirSync(join(mount, name), { recursive: true });
    writeFileSync(join(mount, name, 'policy.yaml'), name);
    symlinkSync(name, join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  };
  const first = (path: string): void => {
    version('..1')();
    symlinkSync(join('..data', 'policy.yaml'), path);
  };
  assert.deepEqual(await told([first, version('..2'), nothing], join(mount, 'policy.yaml')), [[], ['..2']]);
});

test('a file grown too large is not read to its end, a folder not at all', async () => {
  const folderInstead = (path: string): void => {
    rmSync(path);
    mkdirSync(path);
  };
  const changes = [write('a'), write('x'.repeat(LIMIT + 1)), nothing, folderInstead, nothing];
  assert.deepEqual(await told(changes), [[], ['is larger than 1 KiB'], [], ['is a directory']]);
});
