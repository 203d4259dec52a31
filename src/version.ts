import manifest from '../package.json' with { type: 'json' };

declare const MELTEMI_COMMIT: string | undefined;

/** Version of package.json, and the commit where the build put one in. */
export const VERSION = manifest.version;
export const COMMIT = typeof MELTEMI_COMMIT === 'string' ? MELTEMI_COMMIT : 'source';
