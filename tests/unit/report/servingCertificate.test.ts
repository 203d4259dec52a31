import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '../../../src/report/selfSigned.ts';
import { CertificateFiles, type KeyPair, readKeyPair } from '../../../src/report/servingCertificate.ts';

const root = mkdtempSync(join(tmpdir(), 'meltemi-certificates-'));
afterAll(() => rmSync(root, { recursive: true }));

const ONE = selfSigned(['localhost'], Date.now());
const TWO = selfSigned(['localhost'], Date.now());

/** A Secret as a kubelet mounts it: names that lead through the symlink `..data`, which is replaced as a whole. */
class Mount {
  readonly folder = mkdtempSync(join(root, 'mount-'));
  #version = 0;

  constructor(content: Partial<KeyPair>) {
    this.replace(content);
    symlinkSync('..data/tls.crt', join(this.folder, 'tls.crt'));
    symlinkSync('..data/tls.key', join(this.folder, 'tls.key'));
  }

  replace({ cert, key }: Partial<KeyPair>): void {
    this.#version += 1;
    const version = `..version-${this.#version}`;
    mkdirSync(join(this.folder, version));
    if (cert !== undefined) writeFileSync(join(this.folder, version, 'tls.crt'), cert);
    if (key !== undefined) writeFileSync(join(this.folder, version, 'tls.key'), key);
    symlinkSync(version, join(this.folder, '..new'));
    renameSync(join(this.folder, '..new'), join(this.folder, '..data'));
  }

  get files() {
    return { folder: this.folder, cert: 'tls.crt', key: 'tls.key' };
  }
}

async function watched(content: KeyPair): Promise<{ mount: Mount; look: () => Promise<void>; heard: string[] }> {
  const mount = new Mount(content);
  const heard: string[] = [];
  const name = (pair: KeyPair): string => (pair.cert === ONE.cert ? 'one' : 'two');
  const certificate = new CertificateFiles(mount.files, await readKeyPair(mount.files), {
    changed: (pair) => heard.push(name(pair)),
    unusable: ({ message }) => heard.push(message.replaceAll(root, '')),
  });
  return { mount, look: () => certificate.look(), heard };
}

test('a mount that has not changed is not news', async () => {
  const { look, heard } = await watched(ONE);
  await look();
  await look();
  assert.deepEqual(heard, []);
});

test('a mount whose symlink was swapped is, once', async () => {
  const { mount, look, heard } = await watched(ONE);
  mount.replace(TWO);
  await look();
  await look();
  assert.deepEqual(heard, ['two']);
});

const troubles: [string, Partial<KeyPair>, RegExp][] = [
  ['a key that belongs to another certificate', { ...ONE, key: TWO.key }, /not a certificate and its private key/],
  ['a certificate written by half', { ...TWO, cert: TWO.cert.slice(0, 200) }, /not a certificate and its private key/],
  ['an empty key', { ...TWO, key: '' }, /not a certificate and its private key/],
  ['a Secret that has lost its key', { cert: TWO.cert }, /cannot read .*tls\.key \(ENOENT\)/],
];

for (const [name, content, message] of troubles) {
  test(`${name} is said once and not served; what comes right after is taken`, async () => {
    const { mount, look, heard } = await watched(ONE);
    mount.replace(content);
    await look();
    await look();
    assert.equal(heard.length, 1);
    assert.match(heard[0] ?? '', message);
    mount.replace(TWO);
    await look();
    assert.deepEqual(heard.slice(1), ['two']);
  });

  test(`${name} at the start is an error that names the file`, async () => {
    await assert.rejects(readKeyPair(new Mount(content).files), message);
  });
}

test('a trouble that comes again after the old pair was back is said again', async () => {
  const { mount, look, heard } = await watched(ONE);
  for (const content of [{ cert: ONE.cert }, ONE, { cert: ONE.cert }]) {
    mount.replace(content);
    await look();
  }
  assert.equal(heard.length, 2);
});

test('plain files that are replaced one after the other are taken once both are there', async () => {
  const { mount, look, heard } = await watched(ONE);
  for (const name of ['tls.crt', 'tls.key'] as const) {
    unlinkSync(join(mount.folder, name));
    writeFileSync(join(mount.folder, name), name === 'tls.crt' ? TWO.cert : TWO.key);
    await look();
  }
  assert.equal(heard.length, 2);
  assert.equal(heard[1], 'two');
});

test('no error quotes the private key', async () => {
  const { mount, look, heard } = await watched(ONE);
  mount.replace({ cert: ONE.cert, key: TWO.key.replaceAll('\n', ' ') });
  await look();
  assert.ok(heard.length === 1 && !heard[0]?.includes(TWO.key.split('\n')[1] ?? '-'));
});
