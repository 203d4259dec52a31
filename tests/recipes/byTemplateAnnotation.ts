import type { SourceKind } from '../../src/expect/sidecarSource.ts';

/** A made-up source: an annotation of the pod template names the image. */
export const byTemplateAnnotation: SourceKind = {
  key: 'templateAnnotation',
  help: 'The annotation of the pod template that names the image (a made-up source).',
  example: 'example.meltemi.dev/agent-image',
  sourceOf(declared, value) {
    if (!value.includes('/')) throw new Error('It must be the key of an annotation with a prefix.');
    return {
      ...declared,
      origin: `annotation ${value}`,
      asks: () => false,
      fixed: {
        content: value,
        expectation({ template }) {
          const image = template.annotations[value];
          if (image === undefined) return { kind: 'no-sidecar' };
          return { kind: 'sidecar', sidecar: { source: declared.name, image, revision: '', placement: 'any' } };
        },
      },
    };
  },
};
