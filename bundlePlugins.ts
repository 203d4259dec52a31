import { createRequire } from 'node:module';
import type { OnLoadResult, Plugin } from 'esbuild';

/**
 * Packages whose code runs at their first use and not when the process starts: most commands need few of them. An import becomes an object
 * with a getter for each name, and esbuild wraps what is required in a function.
 */
export const AT_FIRST_USE: readonly string[] = [
  '@bufbuild/cel',
  '@bufbuild/cel/ext',
  'fast-json-patch',
  'hpagent',
  'js-yaml',
  'jsonpath-plus',
  'openid-client',
  'prom-client',
  'semver',
  'socks',
  'socks-proxy-agent',
  'temporal-polyfill',
  'winston',
  'yaml',
  'zod',
  // as an ES module, Node reads each of its exports, and one of them loads Node's own copy of undici: 25 ms and 6 MB
  'node:http',
];

/**
 * Those among them that most runs never need have files of their own in `chunks`, which are read when they are needed. `import()` would do
 * the same, but what uses them is synchronous.
 */
export const OWN_FILES: Readonly<Record<string, readonly string[]>> = {
  // webhooks with matchConditions
  'cel.cjs': ['@bufbuild/cel', '@bufbuild/cel/ext'],
  // logins by OpenID Connect and by the plugins of old clouds; proxies, for agents that Kubernetes' client makes and nothing uses
  'logins.cjs': ['hpagent', 'jsonpath-plus', 'openid-client', 'socks', 'socks-proxy-agent'],
  // policies with times
  'temporal.cjs': ['temporal-polyfill'],
};

/** What such a file has in it, by package. */
export const contentsOf = (packages: readonly string[]): string =>
  packages.map((name) => `exports[${JSON.stringify(name)}] = require(${JSON.stringify(name)});\n`).join('');

const NAMESPACE = 'at-first-use';

const atFirstUse: Plugin = {
  name: NAMESPACE,
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind, namespace }) =>
      AT_FIRST_USE.includes(path) && kind === 'import-statement' && namespace !== NAMESPACE
        ? { path, namespace: NAMESPACE }
        : undefined,
    );
    onResolve({ filter: /\.cjs$/, namespace: NAMESPACE }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => facadeOf(path));
  },
};

function facadeOf(path: string): OnLoadResult {
  const names = Object.keys(createRequire(import.meta.url)(path)).filter(
    (name) => /^[a-z]\w*$/i.test(name) && name !== 'default',
  );
  const getters = names.map((name) => `get ${name}() { return loaded().${name}; },`);
  const file = Object.keys(OWN_FILES).find((one) => OWN_FILES[one]?.includes(path));
  const found = file ? `require('./${file}')['${path}']` : `require('${path}')`;
  const contents = `const loaded = () => ${found};\nmodule.exports = {\n${getters.join('\n')}\n};\n`;
  return { contents, loader: 'js', resolveDir: import.meta.dirname };
}

const CLIENT = '@kubernetes/client-node';

/**
 * Of Kubernetes' client only its KubeConfig is used. That needs two names of the generated code, which has a class for each object of the
 * API otherwise.
 */
const onlyKubeConfig: Plugin = {
  name: 'only-kube-config',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: new RegExp(`^${CLIENT}$`) }, ({ importer, kind, resolveDir }) =>
      resolve(`${CLIENT}/dist/config.js`, { importer, kind, resolveDir }),
    );
    onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ path, importer, resolveDir }) =>
      importer.endsWith(`${CLIENT}/dist/config.js`) ? { path, namespace: CLIENT, pluginData: resolveDir } : undefined,
    );
    onLoad({ filter: /./, namespace: CLIENT }, ({ pluginData: resolveDir }) => ({
      contents: "export * from './gen/configuration.js';\nexport * from './gen/servers.js';\n",
      resolveDir,
    }));
  },
};

/** What is imported of undici, and by which file if it is one alone. */
export const OF_UNDICI = {
  dispatchers: ['Agent', 'ProxyAgent', 'buildConnector'],
  'portForward.ts': ['WebSocket'],
} as const;

/**
 * Of undici only its dispatchers are in the program, and WebSocket where a command opens one. Its index.js also has `fetch`, mocks and
 * caches, which nothing here uses; that is a third of its code. What it does besides: it gives dispatchers their methods, such as
 * `request`. HTTP/2 is never allowed, and its code would load Node's.
 */
const onlyDispatchers: Plugin = {
  name: 'only-dispatchers',
  setup({ onResolve, onLoad }) {
    const namespace = 'only-dispatchers';
    onResolve({ filter: /^undici$/ }, ({ importer }) => ({
      path: importer.endsWith('/portForward.ts') ? 'undici/websocket' : 'undici',
      namespace,
    }));
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: path === 'undici' ? DISPATCHERS : WEB_SOCKET,
      resolveDir: import.meta.dirname,
    }));
    onResolve({ filter: /^\.\/client-h2\.js$/ }, () => ({ path: 'client-h2', namespace: 'no-http2' }));
    onLoad({ filter: /./, namespace: 'no-http2' }, () => ({ contents: NO_HTTP2 }));
  },
};

const DISPATCHERS = `
Object.assign(require('undici/lib/dispatcher/dispatcher.js').prototype, require('undici/lib/api/index.js'));
module.exports = {
  Agent: require('undici/lib/dispatcher/agent.js'),
  get ProxyAgent() { return require('undici/lib/dispatcher/proxy-agent.js'); },
  buildConnector: require('undici/lib/core/connect.js'),
};
`;
const WEB_SOCKET = `
module.exports = { get WebSocket() { return require('undici/lib/web/websocket/websocket.js').WebSocket; } };
`;
const NO_HTTP2 = `module.exports = () => { throw new Error('the program has no code for HTTP/2'); };`;

/** Of zod's messages only the English ones: those in sixty other languages are half of its code. */
const onlyEnglish: Plugin = {
  name: 'only-english',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.\/locales\/index\.cjs$/ }, ({ path, importer }) =>
      /\/node_modules\/zod\//.test(importer) ? { path, namespace: 'only-english' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'only-english' }, () => ({ contents: '' }));
  },
};

/** How the bundle differs from the sources that Node runs: it starts faster, and has less in it. */
export const bundlePlugins: Plugin[] = [atFirstUse, onlyKubeConfig, onlyDispatchers, onlyEnglish];
