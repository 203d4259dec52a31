import assert from 'node:assert/strict';
import { html, type Markup } from '../../../src/page/html.ts';
import { pageRow } from '../../../src/page/pageRow.ts';
import { shown } from '../../../src/page/shown.ts';
import { statusRow } from '../../builders/status.ts';

const ROWS: [name: string, made: Markup, text: string][] = [
  ['a text stays text', html`<p>${'<b>&"\'</b>'}</p>`, '<p>&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;</p>'],
  [
    'the value of an attribute cannot end it',
    html`<a title="${'" onclick="x()'}">`,
    '<a title="&quot; onclick=&quot;x()">',
  ],
  ['markup made by the template is kept', html`<p>${html`<b>${'<'}</b>`}</p>`, '<p><b>&lt;</b></p>'],
  ['a list is its pieces, each escaped', html`${['<', html`<br>`, 1]}`, '&lt;<br>1'],
  ['nothing stands for undefined', html`<p>${undefined}</p>`, '<p></p>'],
];
for (const [name, made, text] of ROWS) test(name, () => assert.equal(made.text, text));

test('foreign text is cut, and what does not show as itself is written as an escape', () => {
  assert.equal(shown('a\u202eb\u0000'), 'a\\u202eb\\u0000');
  assert.equal(shown('x'.repeat(1000)).length, 500);
  assert.equal(shown('plain'), 'plain');
});

test('a row is bounded, whatever a workload is called and whatever it waits for', () => {
  const row = pageRow(
    statusRow('n'.repeat(9999), { namespace: 'a\nb', detail: 'd'.repeat(9999), wave: 'w'.repeat(999) }),
  );
  assert.ok(JSON.stringify(row).length < 1500);
  assert.equal(row.namespace, 'a\\nb');
});
