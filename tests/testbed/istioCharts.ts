import type { Toolbox } from './build.ts';
import { Helm } from './helm.ts';
import { ISTIO_BUILDS, type IstioBuild } from './istioBuild.ts';

const NAMESPACE = 'istio-system';

/** Istio's charts of each build, and what they install for the whole cluster. */
export class IstioCharts {
  readonly #state: string;
  readonly #toolbox: Toolbox;
  readonly #kubeconfig: string;
  readonly #validates: boolean;
  readonly #helms = new Map<IstioBuild, Helm>();
  #base: { readonly build: IstioBuild; readonly done: Promise<void> } | undefined;

  /** @param validates with a default validator, which names a Service that nobody but root can serve here */
  constructor(state: string, toolbox: Toolbox, kubeconfig: string, validates: boolean) {
    this.#state = state;
    this.#toolbox = toolbox;
    this.#kubeconfig = kubeconfig;
    this.#validates = validates;
  }

  /** Helm with the charts of a build. */
  of(build: IstioBuild): Helm {
    const known = this.#helms.get(build);
    if (known) return known;
    const { charts } = ISTIO_BUILDS[build];
    const helm = new Helm(
      this.#state,
      this.#toolbox.program('helm'),
      this.#toolbox.folder(charts),
      this.#kubeconfig,
      charts,
    );
    this.#helms.set(build, helm);
    return helm;
  }

  /** Installs the CustomResourceDefinitions, or upgrades those of an older build: they come before the istiod that needs them. */
  base(version: string, build: IstioBuild): Promise<void> {
    const before = this.#base;
    if (before && before.build >= build) return before.done;
    const values = this.#validates ? {} : { defaultRevision: '' };
    const release = { name: 'istio-base', namespace: NAMESPACE, chart: 'base', version, values };
    const helm = this.of(build);
    const done = before ? before.done.then(() => helm.upgrade(release)) : helm.install(release);
    this.#base = { build, done };
    return done;
  }
}
