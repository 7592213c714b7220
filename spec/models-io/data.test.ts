/** Rows from JSON Lines: every shape, and every flaw with its line and field. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  asDemonstrations,
  asLabelled,
  asPairs,
  DataError,
  type Labelled,
  labelledToPairs,
  pairsToLabelled,
  readRows,
} from '../../models/index.ts'
import { parseRows } from '../../models/internal.ts'
import { shared, whenShared } from '../shared.ts'

const parse = (...lines: readonly unknown[]) =>
  parseRows(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'), 'data.jsonl')

/** Everything that is said, line by line. */
const flaws = (...lines: readonly unknown[]): readonly string[] => {
  try {
    parse(...lines)
  } catch (error) {
    assert.ok(error instanceof DataError)
    return error.findings.map(({ file, line, field, expected, found, advice }) => {
      assert.equal(file, 'data.jsonl')
      assert.ok(advice.length > 0)
      return `${line}: ${field ?? ''}: ${expected}: ${found}`
    })
  }
  return []
}

const labelled = { prompt: 'How?', completion: 'So.', label: true }
const paired = { prompt: 'How?', chosen: 'So.', rejected: 'No.' }
const turns = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'How?' },
  { role: 'assistant', content: 'So.' },
]

describe('rows of JSON Lines', () => {
  test('every shape is read, other fields and blank lines are passed over', () => {
    assert.deepEqual(parse({ ...labelled, source: 'web' }, '', { ...labelled, label: false }, ' '), [
      { tag: 'labelled', ...labelled },
      { tag: 'labelled', ...labelled, label: false },
    ])
    assert.deepEqual(parse(paired), [{ tag: 'paired', ...paired }])
    assert.deepEqual(parse({ prompt: '', completion: 'So.' }), [{ tag: 'demonstration', prompt: '', completion: 'So.' }])
    assert.deepEqual(parse({ text: 'All of it.' }), [{ tag: 'text', text: 'All of it.' }])
    const flat = { prompt: 'system: Be brief.\nuser: How?\nassistant:', completion: ' So.' }
    assert.deepEqual(parse({ messages: turns }), [{ tag: 'demonstration', ...flat }])
    assert.deepEqual(parse({ messages: turns, label: false }), [{ tag: 'labelled', ...flat, label: false }])
  })

  test('every shape may have a weight, which stays with what is made of it', () => {
    assert.deepEqual(parse({ ...labelled, weight: 0.5 }), [{ tag: 'labelled', ...labelled, weight: 0.5 }])
    const [pair, ...judged] = [...parse({ ...paired, weight: 2 }), ...asLabelled(parse({ ...paired, weight: 2 }), 'x')]
    assert.deepEqual(pair, { tag: 'paired', ...paired, weight: 2 })
    assert.deepEqual(
      [...judged, ...asDemonstrations(parse({ text: 'All.', weight: 3 }))].map(({ weight }) => weight),
      [2, 2, 3],
    )
    assert.deepEqual(flaws(labelled, { ...labelled, weight: -1 }, { ...labelled, weight: 'two' }), [
      '2: weight: a number of 0 or more: -1',
      '3: weight: a number of 0 or more: "two"',
    ])
  })

  test('a byte-order mark and Windows line ends are no flaw', () => {
    assert.deepEqual(parseRows(`\uFEFF${JSON.stringify(paired)}\r\n${JSON.stringify(paired)}\r\n`, 'x'), [
      { tag: 'paired', ...paired },
      { tag: 'paired', ...paired },
    ])
  })

  test('any strings survive', () => {
    const text = fc.string({ unit: 'binary' }).filter((each) => each.trim() !== '')
    fc.assert(
      fc.property(
        fc.array(fc.record({ prompt: fc.string(), completion: text, label: fc.boolean() }, { noNullPrototype: true }), { minLength: 1 }),
        (rows) => {
          assert.deepEqual(
            parse(...rows),
            rows.map((row) => ({ tag: 'labelled', ...row })),
          )
        },
      ),
    )
  })

  test('every flaw of every line is told, with its line and field', () => {
    assert.deepEqual(
      flaws(
        labelled,
        { ...labelled, label: 'maybe' },
        { ...labelled, label: 0.5 },
        '{"prompt": "How?", "completion"',
        { prompt: 3, completion: '  ', label: null },
        { completion: 'So.', label: true },
        '["not", "an", "object"]',
        { question: 'How?' },
        {},
      ),
      [
        '2: label: true or false: "maybe"',
        '3: label: true or false: 0.5',
        '4: : a JSON object: malformed JSON "{\\"prompt\\": \\"How?\\", \\"completion\\""',
        '5: prompt: a string: 3',
        '5: completion: a text: "  "',
        '5: label: true or false: null',
        '6: prompt: a string: nothing',
        '7: : a JSON object: ["not","an","object"]',
        '8: : prompt, completion and label; prompt, chosen and rejected; messages; or text: the fields ["question"]',
        '9: : prompt, completion and label; prompt, chosen and rejected; messages; or text: no fields',
      ],
    )
    assert.deepEqual(flaws({ prompt: 'How?', chosen: '' }), ['1: chosen: a text: ""', '1: rejected: a string: nothing'])
    assert.deepEqual(flaws({ text: 5 }), ['1: text: a string: 5'])
  })

  test('flaws of conversations are told by turn', () => {
    assert.deepEqual(flaws({ messages: [] }), ['1: messages: a list of {role, content}: []'])
    assert.deepEqual(flaws({ messages: [{ role: 'robot', content: 'x' }, 'y'] }), [
      '1: messages[0].role: one of system, user, assistant, tool: "robot"',
      '1: messages[1].role: one of system, user, assistant, tool: nothing',
      '1: messages[1].content: a string: nothing',
    ])
    assert.deepEqual(flaws({ messages: turns.slice(0, 2) }), ['1: messages[1]: a last turn of the assistant: one of the user'])
    assert.deepEqual(flaws({ messages: [{ role: 'assistant', content: '' }] }), ['1: messages[0].content: a text: ""'])
    assert.deepEqual(flaws({ messages: turns, label: 'fair' }), ['1: label: true or false: "fair"'])
  })

  test('a file has one shape', () => {
    assert.deepEqual(flaws(labelled, labelled, paired, { text: 'x' }), [
      '3: : a labelled row, as on line 1: a paired row',
      '4: : a labelled row, as on line 1: a text row',
    ])
  })

  test('an empty file is refused, and many flaws are counted', () => {
    assert.throws(() => parseRows(' \n\n', 'data.jsonl'), /data\.jsonl: expected at least one record, found an empty file/)
    assert.throws(() => parse(...Array(50).fill('{')), /data\.jsonl:20: expected a JSON object[^\n]*\n… and 30 more/)
  })

  test(
    'real preferences',
    whenShared('data/hh-helpful-short.jsonl', 'data/hh-helpful-short.kto.jsonl', 'data/tinystories.jsonl'),
    async () => {
      const pairs = asPairs(await readRows(shared('data/hh-helpful-short.jsonl')!), 'hh')
      const singles = await readRows(shared('data/hh-helpful-short.kto.jsonl')!)
      assert.equal(pairs.length, 437)
      assert.deepEqual(pairsToLabelled(pairs), singles)
      const stories = await readRows(shared('data/tinystories.jsonl')!)
      assert.deepEqual([stories.length, stories[0]?.tag], [1048, 'text'])
    },
  )
})

describe('readings of rows', () => {
  const [good, bad]: readonly Labelled[] = [
    { tag: 'labelled', prompt: 'How?', completion: 'So.', label: true },
    { tag: 'labelled', prompt: 'How?', completion: 'No.', label: false },
  ]
  const pair = { tag: 'paired', ...paired } as const
  const text = { tag: 'text', text: 'x' } as const

  test('n pairs are 2n labelled completions, interleaved', () => {
    assert.deepEqual(pairsToLabelled([pair, pair]), [good, bad, good, bad])
    assert.deepEqual(asLabelled([pair, bad!], 'x'), [good, bad, bad])
  })
  test('labels of pairs make the same pairs, prompt by prompt; what is left over is told', () => {
    const word = fc.constantFrom('a', 'b', 'c')
    const pair = fc.record({ tag: fc.constant('paired' as const), prompt: word, chosen: word, rejected: word }, { noNullPrototype: true })
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const prompts = [...new Set(pairs.map(({ prompt }) => prompt))]
        const byPrompt = prompts.flatMap((each) => pairs.filter(({ prompt }) => prompt === each))
        assert.deepEqual(labelledToPairs(pairsToLabelled(pairs)), { pairs: byPrompt, alone: [] })
      }),
    )
    const says = (prompt: string, completion: string, label: boolean): Labelled => ({ tag: 'labelled', prompt, completion, label })
    const rows = [says('p', 'good', true), says('p', 'better', true), says('q', 'bad', false), says('p', 'bad', false)]
    assert.deepEqual(labelledToPairs(rows), {
      pairs: [{ tag: 'paired', prompt: 'p', chosen: 'good', rejected: 'bad' }],
      alone: [rows[1], rows[2]],
    })
  })

  test('what to imitate is the good', () => {
    const demonstration = { tag: 'demonstration', prompt: 'How?', completion: 'So.' } as const
    assert.deepEqual(asDemonstrations([good!, bad!, pair, demonstration, text]), [
      demonstration,
      demonstration,
      demonstration,
      { tag: 'demonstration', prompt: '', completion: 'x' },
    ])
  })
  test('a loss gets the evidence that it asks for, or an error that says so', () => {
    assert.throws(() => asLabelled([text], 'x.jsonl'), /x\.jsonl: expected labelled completions or pairs, found plain texts.*"label"/)
    assert.throws(() => asPairs([good!], 'x.jsonl'), /x\.jsonl: expected pairs, found labelled completions.*KTO/)
  })
})
