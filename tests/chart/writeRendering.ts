import { writeFileSync } from 'node:fs';
import { defaultRendering, RENDERING } from './defaultRendering.ts';

writeFileSync(RENDERING, await defaultRendering());
