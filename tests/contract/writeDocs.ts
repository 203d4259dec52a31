import { writeFileSync } from 'node:fs';
import { generatedDocs } from './generatedDocs.ts';

for (const [file, content] of generatedDocs()) writeFileSync(file, content);
