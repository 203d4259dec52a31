import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { answerThread } from '../../build.ts';
import { afterTest } from '../jest/afterTest.ts';
import { Built } from './built.ts';

/** Reads an answer of a megabyte, as the bundle of the program does, where no source lies beside it. */
const PROGRAM = `
import { AnswerReader } from './src/expect/answerReader.ts';
const reader = new AnswerReader();
const body = new Uint8Array(Buffer.from(' '.repeat(1 << 20) + '{"response":{"allowed":true}}'));
console.log((await reader.read('{}', [body])).kind);
await reader.close();
`;

test('the thread that reads large answers is in the bundle', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-thread-'));
  afterTest(() => rmSync(folder, { recursive: true }));
  const outfile = join(folder, 'program.mjs');
  await build({
    stdin: { contents: PROGRAM, resolveDir: process.cwd(), loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    define: { MELTEMI_ANSWER_THREAD: JSON.stringify(await answerThread()) },
  });
  assert.equal(execFileSync(process.execPath, [outfile], { cwd: folder, encoding: 'utf8' }), 'no-sidecar\n');
});

test('the build puts the thread in', () => {
  using built = new Built();
  const bundle = built.program();
  assert.ok(bundle.includes('new Worker('));
  assert.ok(!bundle.includes('MELTEMI_ANSWER_THREAD'));
});
