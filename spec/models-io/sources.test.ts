/** Rows from CSV, Parquet and the shapes of published preference data; every flaw with its line and field. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { DataError, type Row, readRows } from '../../models/index.ts'
import { parseRows } from '../../models/internal.ts'

const folder = await mkdtemp(join(tmpdir(), 'halograd-sources-'))
after(() => rm(folder, { recursive: true }))

const written = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}
/** `line: field: expected: found` of everything that is wrong. */
const flaws = async (rows: () => Promise<unknown> | unknown): Promise<readonly string[]> => {
  try {
    await rows()
  } catch (error) {
    assert.ok(error instanceof DataError)
    return error.findings.map(({ line, field, expected, found }) => `${line}: ${field ?? ''}: ${expected}: ${found}`)
  }
  return []
}
const parse = (...lines: readonly unknown[]) => parseRows(lines.map((line) => JSON.stringify(line)).join('\n'), 'data.jsonl')

const labelled: readonly Row[] = [
  { tag: 'labelled', prompt: 'How, then?', completion: 'So, "so".', label: true },
  { tag: 'labelled', prompt: 'Why?\nWhy?', completion: 'Because…', label: false },
]

describe('large files', () => {
  // Characters of one to four bytes, so that pieces of a file end inside of some.
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    prompt: `${i}: ${'aß漢🎉'.repeat(i % 11)}`,
    completion: `so ${i}`,
    label: i % 3 === 0,
  }))
  const expected = rows.map((row) => ({ tag: 'labelled', ...row }))
  const lines = rows.map((row) => JSON.stringify(row)).join('\r\n')

  test('are read piece by piece, gzipped or not', async () => {
    assert.ok(Buffer.byteLength(lines) > 3 * 2 ** 16)
    assert.deepEqual(await readRows(await written('large.jsonl', lines)), expected)
    assert.deepEqual(await readRows(await written('large.jsonl.gz', gzipSync(lines))), expected)
    const csv = ['prompt,completion,label', ...rows.map(({ prompt, completion, label }) => `"${prompt}","${completion}",${label}`)].join(
      '\n',
    )
    assert.deepEqual(await readRows(await written('large.csv', csv)), expected)
    assert.deepEqual(await readRows(await written('large.csv.gz', gzipSync(csv))), expected)
  })

  test('lines are counted over the pieces', async () => {
    const file = await written('flawed.jsonl', `${lines}\n\n{"prompt": 1}\n`)
    assert.deepEqual(
      (await flaws(() => readRows(file))).map((flaw) => flaw.split(':')[0]),
      ['3002', '3002'],
    )
  })

  test('what is no gzip file, or only the beginning of one, is refused', async () => {
    await assert.rejects(
      readRows(await written('plain.jsonl.gz', lines)),
      /plain\.jsonl\.gz: expected a gzip file, found incorrect header check/,
    )
    await assert.rejects(
      readRows(await written('cut.jsonl.gz', gzipSync(lines).subarray(0, 1000))),
      /cut\.jsonl\.gz: expected a gzip file, found unexpected end of file/,
    )
    await assert.rejects(
      readRows(join(folder, 'absent.jsonl.gz')),
      /absent\.jsonl\.gz: expected a file that can be read, found no such file/,
    )
    await assert.rejects(readRows(folder), /expected a file that can be read, found a directory/)
  })

  test('Parquet comes a group of rows at a time', async () => {
    const columnData: readonly ColumnSource[] = [
      { name: 'prompt', data: rows.map(({ prompt }) => prompt), type: 'STRING' },
      { name: 'completion', data: rows.map(({ completion }) => completion), type: 'STRING' },
      { name: 'label', data: rows.map(({ label }) => label), type: 'BOOLEAN' },
    ]
    const file = new Uint8Array(parquetWriteBuffer({ columnData: [...columnData], rowGroupSize: 700 }))
    assert.deepEqual(await readRows(await written('groups.parquet', file)), expected)
  })
})

describe('CSV', () => {
  test('quotes, separators and line breaks in fields; labels in words or digits', async () => {
    const csv = '\uFEFFprompt,completion,label,source\r\n"How, then?","So, ""so"".",True,web\r\n"Why?\nWhy?",Because…,0,\r\n\r\n'
    assert.deepEqual(await readRows(await written('a.csv', csv)), labelled)
    assert.deepEqual(await readRows(await written('w.csv', 'prompt,completion,weight\na,b,0.5\na,c,\n')), [
      { tag: 'demonstration', prompt: 'a', completion: 'b', weight: 0.5 },
      { tag: 'demonstration', prompt: 'a', completion: 'c' },
    ])
    const tsv = 'prompt\tchosen\trejected\nHow?\tSo, so.\tNo.\n'
    assert.deepEqual(await readRows(await written('a.tsv', tsv)), [{ tag: 'paired', prompt: 'How?', chosen: 'So, so.', rejected: 'No.' }])
  })

  test('any texts survive', async () => {
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', "'", '…'), minLength: 1 }).map((s) => `x${s}`)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ prompt: text, completion: text }), { minLength: 1, maxLength: 5 }), async (rows) => {
        const lines = ['prompt,completion', ...rows.map(({ prompt, completion }) => `${quoted(prompt)},${quoted(completion)}`)]
        const read = await readRows(await written('any.csv', lines.join('\n')))
        assert.deepEqual(
          read,
          rows.map((row) => ({ tag: 'demonstration', ...row })),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('every malformed line is told, with the flaws of the others; a wrong quote ends what can be read', async () => {
    const csv = 'prompt,completion,label\na,b,true\na,b,maybe\na,b\na,,false\na,b,1,c\na,"b" c,true\na,b,0\n'
    const found = await flaws(async () => readRows(await written('bad.csv', csv)))
    assert.deepEqual(
      found.map((flaw) => flaw.replace(/: a record with as many.*doubled/, '').slice(0, 60)),
      [
        '3: label: true or false: "maybe"',
        '4: : Invalid Record Length: columns length is 3, got 2 on line 4',
        '5: completion: a text: ""',
        '6: : Invalid Record Length: columns length is 3, got 4 on line 6',
        '7: : Invalid Closing Quote: got " " at line 7 instead of delimiter',
        '8: : Quote Not Closed: the parsing is finished with an opening quote at line 8',
      ].map((flaw) => flaw.slice(0, 60)),
    )
  })
})

describe('Parquet', () => {
  const columns: readonly ColumnSource[] = [
    { name: 'prompt', data: labelled.map((row) => ('prompt' in row ? row.prompt : '')), type: 'STRING' },
    { name: 'completion', data: ['So, "so".', 'Because…'], type: 'STRING' },
    { name: 'label', data: [true, false], type: 'BOOLEAN' },
    { name: 'votes', data: [12n, 5_000_000_000n], type: 'INT64' },
  ]

  test('rows, by Snappy or gzip, other columns of any type passed over', async () => {
    const snappy = new Uint8Array(parquetWriteBuffer({ columnData: [...columns] }))
    const gzip = parquetWriteBuffer({ columnData: [...columns], codec: 'GZIP', compressors: { GZIP: (bytes) => gzipSync(bytes) } })
    assert.deepEqual(await readRows(await written('a.parquet', snappy)), labelled)
    assert.deepEqual(await readRows(await written('b.parquet', new Uint8Array(gzip))), labelled)
    await assert.rejects(readRows(await written('cut.parquet', snappy.subarray(0, 60))), /cut\.parquet: expected a Parquet file/)
    await assert.rejects(readRows(join(folder, 'absent.parquet')), /no such file/)
  })

  test('nested turns, and labels that are numbers', async () => {
    const turns = [
      { role: 'user', content: 'How?' },
      { role: 'assistant', content: 'So.' },
    ]
    const messages = parquetWriteBuffer({ columnData: [{ name: 'messages', data: [turns], type: 'JSON' }] })
    assert.deepEqual(await readRows(await written('turns.parquet', new Uint8Array(messages))), [
      { tag: 'demonstration', prompt: 'user: How?\nassistant:', completion: ' So.' },
    ])
    const numbers = [...columns.slice(0, 2), { name: 'label', data: [1n, 0n], type: 'INT64' as const }]
    const file = await written('numbers.parquet', new Uint8Array(parquetWriteBuffer({ columnData: numbers })))
    assert.deepEqual(await readRows(file), labelled)
  })
})

describe('published shapes', () => {
  const preference: Row = { tag: 'paired', prompt: 'user: How?\nassistant:', chosen: ' So.', rejected: ' No.' }
  const user = { role: 'user', content: 'How?' }
  const says = (content: string) => ({ role: 'assistant', content })

  test('HH-RLHF: transcripts that share all but their last turn', async () => {
    const long = '\n\nHuman: Hi\n\nAssistant: Hello: what?\n\nHuman: How?'
    const row = { chosen: `${long}\n\nAssistant: So.\n\nReally.`, rejected: `${long}\n\nAssistant: No.` }
    assert.deepEqual(parse(row), [
      {
        tag: 'paired',
        prompt: 'user: Hi\nassistant: Hello: what?\nuser: How?\nassistant:',
        chosen: ' So.\n\nReally.',
        rejected: ' No.',
      },
    ])
    assert.deepEqual(
      await flaws(() =>
        parse(
          { ...row, rejected: '\n\nHuman: Why?\n\nAssistant: No.' },
          { ...row, rejected: `${long}\n\nAssistant:` },
          { ...row, chosen: long },
        ),
      ),
      [
        '1: rejected: the turns of chosen, up to the last: other ones',
        '2: rejected[3].content: a text: ""',
        '3: chosen[2]: a last turn of the assistant: one of the user',
      ],
    )
  })

  test('conversations on both sides, with or without the prompt apart (UltraFeedback binarized, TRL)', async () => {
    const sides = { chosen: [user, says('So.')], rejected: [user, says('No.')] }
    assert.deepEqual(parse({ prompt: 'How?', prompt_id: 'x', ...sides, messages: sides.chosen, score_chosen: 8, score_rejected: 3 }), [
      preference,
    ])
    assert.deepEqual(parse({ prompt: [user], chosen: [says('So.')], rejected: [says('No.')] }), [preference])
    assert.deepEqual(parse({ prompt: [user], completion: [says('So.')], label: false }), [
      { tag: 'labelled', prompt: 'user: How?\nassistant:', completion: ' So.', label: false },
    ])
    assert.deepEqual(parse({ chosen: sides.chosen, rejected: 'No.' }), [preference])
    assert.deepEqual(await flaws(() => parse({ chosen: sides.chosen, rejected: 7 })), ['1: rejected: a list of {role, content}: 7'])
  })

  test('UltraFeedback: the best answer against the worst', async () => {
    const answer = (response: string, overall_score: unknown) => ({ response, overall_score, model: 'm', annotations: {} })
    const row = { instruction: 'How?', completions: [answer('Well.', 6), answer('No.', 2.5), answer('So.', 9), answer('Hm.', 3)] }
    assert.deepEqual(parse(row), [preference])
    assert.deepEqual(
      await flaws(() =>
        parse(
          { ...row, completions: [answer('So.', 5), answer('No.', 5)] },
          { ...row, completions: [answer('So.', '5')] },
          { ...row, completions: [] },
        ),
      ),
      [
        '1: completions: two of different overall_score: the scores [5,5]',
        '2: completions[0]: {response, overall_score}, a string and a number: {"response":"So.","overall_score":"5","model":"m","annota…',
        '3: completions: two of different overall_score: the scores []',
      ],
    )
  })

  test('SHP: labels says which of two comments was preferred', async () => {
    const row = { post_id: 'p', history: 'How?', human_ref_A: 'So.', human_ref_B: 'No.', labels: 1, score_A: 9, score_B: 3 }
    assert.deepEqual(parse(row, { ...row, human_ref_A: 'No.', human_ref_B: 'So.', labels: 0 }), [preference, preference])
    assert.deepEqual(await flaws(() => parse({ ...row, labels: true }, { ...row, human_ref_A: ' ' })), [
      '1: labels: 1 (A was preferred) or 0 (B was): true',
      '2: human_ref_A: a text: " "',
    ])
  })
})
