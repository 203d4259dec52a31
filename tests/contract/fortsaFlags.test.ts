import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultOf, envOf, flagOf, type Setting } from '../../src/cli/setting.ts';
import { SETTINGS } from '../../src/cli/settings.ts';

/** The flags of Fortsa 1.7.7 with their defaults, as in its cmd/main.go, and `kubeconfig` of controller-runtime. */
const FORTSA: Readonly<Record<string, string>> = {
  'metrics-bind-address': ':8080',
  'health-probe-bind-address': ':8081',
  'leader-elect': 'true',
  'metrics-secure': 'true',
  'metrics-cert-path': '',
  'metrics-cert-name': 'tls.crt',
  'metrics-cert-key': 'tls.key',
  'dry-run': 'false',
  'compare-hub': 'false',
  'restart-delay': '0',
  'istiod-config-read-delay': '10s',
  'reconcile-period': '0',
  'annotation-cooldown': '5m',
  'skip-namespaces': 'kube-system,istio-system',
  kubeconfig: '',
};

/** Defaults that differ on purpose. */
const OTHERS: Readonly<Record<string, string>> = { 'reconcile-period': '30m' };

/** Flags of Fortsa that would have no effect here. */
const GONE = ['webhook-cert-path', 'webhook-cert-name', 'webhook-cert-key', 'enable-http2', 'zap-log-level'];

const all = Object.entries<Setting<unknown>>(SETTINGS).filter(([, { commands }]) => commands.includes('run'));
const page = readFileSync('docs/fortsa.md', 'utf8');

for (const [flag, theirs] of Object.entries(FORTSA)) {
  const ours = OTHERS[flag] ?? theirs;
  test(`--${flag} of Fortsa is a flag and a variable of run, by default ${ours || 'not set'}`, () => {
    const [name = '', setting] = all.find(([one]) => flagOf(one) === `--${flag}`) ?? [];
    assert.ok(setting);
    assert.equal(envOf(name), `MELTEMI_${flag.replaceAll('-', '_').toUpperCase()}`);
    assert.deepEqual(defaultOf(setting), setting.parse(ours));
  });
}

test('docs/fortsa.md names each default that differs, and each flag that is gone', () => {
  for (const flag of [...Object.keys(OTHERS), ...GONE]) assert.ok(page.includes(`\`--${flag}\``), flag);
});

test('what is said to be gone is', () =>
  assert.deepEqual(
    GONE.filter((flag) => all.some(([name]) => flagOf(name) === `--${flag}`)),
    [],
  ));
