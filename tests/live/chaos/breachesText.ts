import { ANNOTATION } from '../../../src/names.ts';
import { arrival, type History, type Invariant, type UserWrite } from './history.ts';
import { annotationsOf } from './restarts.ts';

/** Breaches of one invariant that are shown: those that follow tend to come from the first. */
const SHOWN = 3;

/** The first breaches of an invariant with the lines of the audit log that show them. */
export function breachesText({ name, breaches }: Invariant, history: History): string[] {
  const all = breaches(history);
  const texts = all.slice(0, SHOWN).map(({ what, lines }) => `${name}: ${what}\n${lines.map(lineText).join('\n')}`);
  return all.length > SHOWN ? [...texts, `${name}: ${all.length - SHOWN} more breaches`] : texts;
}

function lineText(write: UserWrite): string {
  const { user, verb, resource, subresource, namespace, code } = write;
  const record = annotationsOf(write);
  const words = [ANNOTATION.restartedFor, ANNOTATION.restartedAt, ANNOTATION.run, ANNOTATION.outcome].map(
    (key) => record[key] ?? '',
  );
  const object = [resource, subresource].filter(Boolean).join('/');
  const time = new Date(arrival(write)).toISOString();
  return `  ${time} ${user} ${verb} ${object} ${namespace}/${write.name} ${code} ${words.filter(Boolean).join(' ')}`;
}
