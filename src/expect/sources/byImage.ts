import type { SourceKind } from '../sidecarSource.ts';

/** No image reference contains other characters (distribution reference/regexp.go). */
const IMAGE = /^[A-Za-z0-9][\w.\-/:@]{0,511}$/;

/** The policy says which image an injected container should have, as a Flippy configuration does. No webhook is asked. */
export const byImage: SourceKind = {
  key: 'image',
  help: 'The image that the container should have. Meltemi asks no webhook, and restarts only workloads whose pods have the container.',
  example: 'hashicorp/vault:1.17.2',
  sourceOf(declared, value) {
    if (!IMAGE.test(value)) throw new Error('It must be an image reference, such as hashicorp/vault:1.17.2.');
    return {
      ...declared,
      origin: `image ${value}`,
      asks: () => false,
      fixed: {
        content: value,
        expectation: () => ({
          kind: 'sidecar',
          sidecar: { source: declared.name, image: value, revision: '', placement: 'any' },
        }),
      },
    };
  },
};
