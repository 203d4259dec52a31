import manifest from '../package.json' with { type: 'json' };

declare const MELTEMI_COMMIT: string | undefined;
declare const MELTEMI_DATE: string | undefined;

/** Version of package.json, and the commit and its date where the build put them in. */
export const VERSION = manifest.version;
export const COMMIT = typeof MELTEMI_COMMIT === 'string' ? MELTEMI_COMMIT : 'source';
const DATE = typeof MELTEMI_DATE === 'string' ? MELTEMI_DATE : undefined;

/** What `--version` prints: `1.2.3 (abc1234, 2026-11-21)`. */
export const FULL_VERSION = `${VERSION} (${DATE === undefined ? COMMIT : `${COMMIT}, ${DATE}`})`;
