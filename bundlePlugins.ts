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
  'prom-client',
  'semver',
  'temporal-polyfill',
  'winston',
  'yaml',
  'zod',
  // as an ES module, Node reads each of its exports, and one of them loads Node's own copy of undici: 25 ms and 6 MB
  'http',
  'node:http',
];

/**
 * A large one among them that most clusters never need has a file of its own in `chunks`, which is read when it is needed. `import()` would
 * do the same, but what uses it is synchronous.
 */
export const OWN_FILE = { name: 'cel.cjs', packages: ['@bufbuild/cel', '@bufbuild/cel/ext'] } as const;

/** What that file has in it, by package. */
export const OWN_FILE_CONTENTS = OWN_FILE.packages
  .map((name) => `exports[${JSON.stringify(name)}] = require(${JSON.stringify(name)});\n`)
  .join('');

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
  const isApart = OWN_FILE.packages.some((name) => name === path);
  const found = isApart ? `require('./${OWN_FILE.name}')['${path}']` : `require('${path}')`;
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

/** What is imported of undici. */
export const OF_UNDICI: readonly string[] = ['Agent', 'ProxyAgent', 'WebSocket', 'buildConnector'];

/**
 * Of undici only its dispatchers run at the start. Its index.js also runs `fetch`, mocks and caches, which nothing here uses; that is a
 * third of its code. What it does besides: it gives dispatchers their methods, such as `request`.
 */
const onlyDispatchers: Plugin = {
  name: 'only-dispatchers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'only-dispatchers' }));
    onLoad({ filter: /./, namespace: 'only-dispatchers' }, () => ({
      contents: DISPATCHERS,
      resolveDir: import.meta.dirname,
    }));
  },
};

const DISPATCHERS = `
Object.assign(require('undici/lib/dispatcher/dispatcher.js').prototype, require('undici/lib/api/index.js'));
module.exports = {
  Agent: require('undici/lib/dispatcher/agent.js'),
  ProxyAgent: require('undici/lib/dispatcher/proxy-agent.js'),
  buildConnector: require('undici/lib/core/connect.js'),
  get WebSocket() { return require('undici/lib/web/websocket/websocket.js').WebSocket; },
};
`;

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
