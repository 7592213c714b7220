/** Templates write here what Jinja2 3.1.6 writes in Python (with trim_blocks, lstrip_blocks and loopcontrols, as transformers uses it). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { templateOf } from '../../models/text/template.ts'

const values = { t: true, n: null, s: 'aBc dEf', e: 'a🎉b', i: 3, f: 1.5, l: [1, 'a', null, true], d: { a: 1, b: 'x' }, u: '  x  ' }

/** What Jinja2 wrote for each. */
const golden: Readonly<Record<string, string>> = {
  '{{ t }}{{ n }}{{ absent }}': 'TrueNone',
  '{{ l }} {{ d }}': "[1, 'a', None, True] {'a': 1, 'b': 'x'}",
  '{{ s.title() }} {{ s|title }} {{ "they\'re b-c"|title }}': "Abc Def Abc Def They're B-C",
  "{{ s|capitalize }} {{ 'abC'.capitalize() }}": 'Abc def Abc',
  '{{ e|length }}': '3',
  "{{ l|join(',') }}": '1,a,None,True',
  '{{ -7 % 3 }} {{ 7 % 3 }}': '2 1',
  "{{ i ~ 'x' ~ n ~ t ~ f }}": '3xNoneTrue1.5',
  "[{{ u.strip('x ') }}] [{{ 'xxax'.lstrip('x') }}] [{{ 'axx'.rstrip('x') }}] [{{ u|trim }}]": '[] [ax] [a] [x]',
  "{{ '\\n\\nx\\n'.lstrip('\\n') }}|": 'x\n|',
  "{{ n|default('q') }} {{ n|default('q', true) }}": 'None q',
  '{% for x in l %}{{ x }}{% if loop.index == 2 %}B{% break %}{% endif %}!{% endfor %}': '1!aB',
  '{% for x in l %}{{ x }}{% if loop.first %}{% continue %}{% endif %}!{% else %}none{% endfor %}': '1a!None!True!',
  '{% for x in [1, 2] %}{% for y in [1, 2, 3] %}{{ x }}{{ y }}{% if y == 2 %}{% break %}{% endif %},{% endfor %};{% endfor %}':
    '11,12;21,22;',
  '{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(n) }}{% set q %}{{ t }}{% endset %}{{ q }}': '<None>True',
  '{% if t %}\r\na\r\n{% endif %}\r\nb': 'a\nb',
}

describe('templates write what Jinja2 writes', () => {
  for (const [source, expected] of Object.entries(golden))
    test(JSON.stringify(source), () => assert.equal(templateOf(source)(values), expected))
})

test('what is understood and not supported is refused', () => {
  assert.throws(() => templateOf("{{ '%s' % n }}")(values), /% of StringValue/)
  assert.throws(() => templateOf('{{ s|wordcount }}')(values), /Unknown StringValue filter/)
})
