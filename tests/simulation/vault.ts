import { fixedInjection } from '../../src/expect/epoch.ts';
import type { Injection } from '../../src/expect/mesh.ts';
import type { FixedExpectation } from '../../src/expect/sidecarSource.ts';
import { byImage } from '../../src/expect/sources/byImage.ts';
import type { OtherSidecars } from '../../src/model.ts';
import { fingerprint } from '../../src/plan/record.ts';

/** A second sidecar beside Istio's proxy: the policy wants an image for it, and an injector of its own gives one. */
export const CONTAINER = 'vault-agent';
export const WANTED = 'vault:2';
const OLD = 'vault:1';

export const VAULT = byImage.sourceOf({ name: 'vault', container: CONTAINER }, WANTED);
export const VAULT_INJECTION: Injection = fixedInjection(VAULT, VAULT.fixed as FixedExpectation);
export const VAULT_RUN = VAULT_INJECTION.run;
export const VAULT_TARGET = fingerprint({ source: 'vault', image: WANTED, revision: '', placement: 'any' });

/** What the injector gives new pods. */
export class VaultInjector {
  #image: string;

  /** @param isNew whether it gives what the policy wants from the beginning */
  constructor(isNew: boolean) {
    this.#image = isNew ? WANTED : OLD;
  }

  /** From now on it gives what the policy wants. */
  renew(): void {
    this.#image = WANTED;
  }

  admit(): OtherSidecars {
    return placed(this.#image);
  }
}

/** What pods have that were made before the policy wanted another image, or whose template has the container. */
export const oldVault = (): OtherSidecars => placed(OLD);

const placed = (image: string): OtherSidecars => ({ [CONTAINER]: { placement: 'container', image } });

/** A template that has the container itself. */
export const OWN_CONTAINER = { name: CONTAINER, image: OLD };
