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

const NAMESPACE = 'at-first-use';

const atFirstUse: Plugin = {
  name: NAMESPACE,
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind, namespace }) =>
      AT_FIRST_USE.includes(path) && kind === 'import-statement' && namespace !== NAMESPACE
        ? { path, namespace: NAMESPACE }
        : undefined,
    );
    onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => facadeOf(path));
  },
};

function facadeOf(path: string): OnLoadResult {
  const names = Object.keys(createRequire(import.meta.url)(path)).filter(
    (name) => /^[a-z]\w*$/i.test(name) && name !== 'default',
  );
  const getters = names.map((name) => `get ${name}() { return loaded().${name}; },`);
  const contents = `const loaded = () => require('${path}');\nmodule.exports = {\n${getters.join('\n')}\n};\n`;
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

/** How the bundle differs from the sources that Node runs: it starts faster, and has less in it. */
export const bundlePlugins: Plugin[] = [atFirstUse, onlyKubeConfig];
