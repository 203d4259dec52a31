import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { selfSigned } from '../../../src/report/selfSigned.ts';

const NOW = Date.UTC(2026, 5, 1);
const HOSTS = ['localhost', 'meltemi-7d9f8b6c5-x2x4z', '127.0.0.1', '::1'] as const;
const made = selfSigned([...HOSTS], NOW);
const certificate = new X509Certificate(made.cert);

test('it is signed by the key that it is for', () => {
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(made.key)));
});

for (const host of HOSTS) {
  test(`it is for ${host}`, () =>
    assert.ok(certificate.checkHost(host) ?? certificate.checkIP(host), certificate.subjectAltName));
}

test('it is for no other name', () => assert.equal(certificate.checkHost('example.com'), undefined));

test('it is valid for clocks that are behind, and for longer than a process runs', () => {
  assert.ok(certificate.validFromDate.getTime() <= NOW - 3_600_000);
  assert.ok(certificate.validToDate.getTime() >= Date.UTC(2035, 0, 1));
});

test('no two are alike', () => {
  const other = new X509Certificate(selfSigned([...HOSTS], NOW).cert);
  assert.notEqual(other.serialNumber, certificate.serialNumber);
  assert.notEqual(
    other.publicKey.export({ type: 'spki', format: 'pem' }),
    certificate.publicKey.export({ type: 'spki', format: 'pem' }),
  );
});

test('its dates stay readable when they pass the year 2050', () => {
  const late = new X509Certificate(selfSigned(['localhost'], Date.UTC(2045, 0, 1)).cert);
  assert.equal(late.validToDate.getUTCFullYear(), 2054);
});
