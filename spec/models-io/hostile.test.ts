/** Files that are damaged, huge, or written to do harm: each reader answers with a typed error that names the place, or reads what is there. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { chatOf, DataError, InputError, inspectFile, parseSafetensors, TokenizerError, tokenizerOf } from '../../models/index.ts'
import { parseJson, readRecords, type SourceRecord } from '../../models/internal.ts'
import { parquet } from '../../models/io/parquet.ts'
import { withChecksums } from './checksums.ts'

const folder = mkdtempSync(join(tmpdir(), 'halograd-hostile-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const all = async (path: string, options = {}): Promise<readonly SourceRecord[]> => gathered(readRecords(path, options))
const gathered = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const those: T[] = []
  for await (const item of items) those.push(item)
  return those
}
const flawsIn = (records: readonly SourceRecord[]): readonly string[] =>
  records.flatMap(({ line, content }) => (E.isLeft(content) ? [`${line}: ${content.left.found}`] : []))

test('JSON is nested 1,000 deep at most, outside its strings', () => {
  const nested = (n: number): string => '['.repeat(n) + ']'.repeat(n)
  assert.notEqual(parseJson(nested(1000)), undefined)
  assert.equal(parseJson(nested(1001)), undefined)
  assert.notEqual(parseJson(JSON.stringify({ '\\': `\\"${nested(5000)}` })), undefined)
})

test('whatever JSON.parse reads within that depth, parseJson reads alike', () => {
  fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(parseJson(text), JSON.parse(text))))
})

test('a deep line and a long one are flaws of their lines; what follows them is read', async () => {
  const deep = await all(file('deep.jsonl', `{"a":${'['.repeat(1e6)}\n{"prompt":"p"}\n`))
  assert.deepEqual(flawsIn(deep), ['1: brackets nested more than 1000 deep'])
  const long = await all(file('long.jsonl', `{"prompt":"${'x'.repeat(5000)}"}\n{"prompt":"p"}\n`), { longestLine: 5000 })
  assert.deepEqual(flawsIn(long), ['1: more'])
  assert.equal(long.length, 2)
  const array = await all(
    file('array.json', `[{"prompt":"${'x'.repeat(5000)}"},\n{"prompt":"p"}, ${'['.repeat(2000)}${']'.repeat(2000)}]`),
    { longestLine: 5000 },
  )
  assert.deepEqual(flawsIn(array), ['1: more', '2: brackets nested more than 1000 deep'])
  assert.deepEqual(flawsIn(await all(file('one.json', `{"prompt":\n"${'x'.repeat(5000)}"}`), { longestLine: 5000 })), ['2: more'])
})

test('a record of CSV that is too long ends the reading, by name', async () => {
  const path = file('long.csv', `prompt,completion\np,c\n"${'x'.repeat(5000)}",c\np,c\n`)
  await assert.rejects(all(path, { longestLine: 1000 }), (error) => error instanceof DataError && /long\.csv:3: .*1000/.test(error.message))
  assert.equal((await all(path)).length, 3)
})

test('a header that names a field twice is refused; a field may be called __proto__', async () => {
  await assert.rejects(all(file('twice.csv', 'prompt,prompt\na,b\n')), /twice\.csv:1, field prompt: .*the name twice/)
  const [record] = await all(file('proto.csv', '__proto__,prompt,label\na,b,constructor\n'))
  assert.deepEqual(record?.content, E.right(JSON.parse('{"__proto__":"a","prompt":"b","label":"constructor"}')))
})

test('a gzip file that unpacks without end is refused; one that is cut short, too', async () => {
  const zeros = gzipSync(Buffer.alloc(2 ** 24))
  const bomb = file('bomb.jsonl.gz', Buffer.concat(Array.from({ length: 17 }, () => zeros)))
  await assert.rejects(all(bomb), /at most 268435456 bytes in a gzip file of/)
  const rows = file('rows.jsonl.gz', gzipSync('{"prompt":"p"}\n'.repeat(5000)))
  await assert.rejects(all(rows, { unpackedRatio: 2 }), /rows\.jsonl\.gz: expected at most \d+ bytes.*--max-unpacked/)
  assert.equal((await all(rows, { unpackedRatio: 1000 })).length, 5000)
  await assert.rejects(all(file('cut.jsonl.gz', gzipSync('{"prompt":"p"}\n'.repeat(50)).subarray(0, 30))), DataError)
})

test('what is not UTF-8 is refused with its line and the encoding that it seems to have, which reads it', async () => {
  const text = 'prompt,completion,label\r\n"où ?","là – café",true\r\n'
  const latin = Buffer.from(text.replace('–', '-'), 'latin1')
  await assert.rejects(all(file('latin.csv', latin)), /latin\.csv:2: expected UTF-8, found byte 0xf9, perhaps windows-1252/)
  const wide = Buffer.from(`\ufeff${text}`, 'utf16le')
  await assert.rejects(all(file('wide.csv', wide)), /wide\.csv:1: .*perhaps utf-16le/)
  await assert.rejects(all(file('bare.csv', wide.subarray(2))), /bare\.csv:1: .*perhaps utf-16le/)
  for (const [name, encoding] of [
    ['latin.csv', 'windows-1252'],
    ['wide.csv', 'utf-16le'],
  ] as const) {
    const [record] = await all(join(folder, name), { encoding })
    assert.ok(record !== undefined && E.isRight(record.content))
    assert.match(String(record.content.right.completion), /là . café/)
  }
  await assert.rejects(all(file('good.csv', text), { encoding: 'utf-9' }), /the name of an encoding.*found utf-9/)
  assert.equal((await all(join(folder, 'good.csv'))).length, 1)
  assert.equal(flawsIn(await all(file('replaced.jsonl', '{"prompt":"\uFFFD"}\n'))).length, 0)
})

test('a file of nothing but flaws is left after ten thousand of them', async () => {
  const path = file('garbage.jsonl', 'x\n'.repeat(300_000))
  await assert.rejects(inspectFile(path), (error) => error instanceof DataError && error.findings.length === 10_000)
})

test('a long header of safetensors is read; a name that stands twice in it is not', () => {
  const of = (json: string): Uint8Array => {
    const header = Buffer.from(json)
    const bytes = Buffer.alloc(8 + header.length)
    bytes.writeBigUInt64LE(BigInt(header.length))
    return Buffer.concat([bytes.subarray(0, 8), header])
  }
  assert.deepEqual(parseSafetensors(of(`{"__metadata__":{"note":"${'\\"x'.repeat(5e6)}"}}`), 'long'), [])
  const empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
  assert.throws(() => parseSafetensors(of(`{"a":${empty},"\\u0061":${empty}}`), 'twice'), /tensor a: expected one entry/)
})

test('a chat template has a budget of steps and of text; and templates that need less are rendered', () => {
  const chat = (template: string) => chatOf({ config: { chat_template: template } })
  const turns = [{ role: 'user', content: 'q' } as const]
  for (const template of [
    '{% for i in range(1000000000) %}x{% endfor %}',
    '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}',
    "{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
  ])
    assert.throws(
      () => chat(template)?.prompt(turns),
      (error) => error instanceof TokenizerError && /chat_template/.test(error.message),
    )
  assert.deepEqual(chat('{% for i in range(1000) %}{{ i % 10 }}{% endfor %}')?.prompt(turns), E.right('0123456789'.repeat(100)))
  assert.deepEqual(chat('{% for i in range(5, -3, -2) %}{{ i }} {% endfor %}')?.prompt(turns), E.right('5 3 1 -1 '))
  assert.match(JSON.stringify(chat("{{ strftime_now('%Y') }}")?.prompt(turns)), /"20\d\d"/)
  assert.ok(E.isLeft(chat("{{ raise_exception('no') }}")?.prompt(turns) ?? E.right('')))
})

const tokenizer = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] }

test('a regular expression of a tokenizer that backtracks without end is ended', () => {
  const split = (regex: string) => ({
    model: { type: 'WordLevel', vocab: { a: 0, b: 1, '[UNK]': 2 }, unk_token: '[UNK]' },
    ...tokenizer,
    pre_tokenizer: { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
  })
  assert.throws(() => tokenizerOf(split('(a+)+$')).encode(`${'a'.repeat(45)}b`), /no result within 5 s/)
  assert.deepEqual(tokenizerOf(split('a|b')).encode('ab'), [0, 1])
})

test('a tokenizer whose ids are far beyond its tokens, or are none, is refused', () => {
  const model = (id: unknown) => ({ ...tokenizer, model: { type: 'WordLevel', vocab: { a: 0, b: id }, unk_token: 'a' } })
  assert.equal(tokenizerOf(model(7)).vocabularySize, 8)
  for (const id of [1e9, -1, 1.5, '1', null]) assert.throws(() => tokenizerOf(model(id)), TokenizerError)
})

const table = parquetWriteBuffer({
  columnData: [
    { name: 'prompt', data: Array.from({ length: 60 }, (_, i) => `p${i}`), type: 'STRING' },
    { name: 'label', data: Array.from({ length: 60 }, (_, i) => i % 2 === 0), type: 'BOOLEAN' },
  ],
  rowGroupSize: 20,
})

test('a Parquet file with a byte changed or the end missing is read or refused, never more; what is refused names the row group', async () => {
  const whole = await gathered(parquet(file('whole.parquet', new Uint8Array(table))))
  assert.equal(whole.length, 60)
  const refusals: string[] = []
  const damaged = fc.tuple(fc.nat(table.byteLength - 1), fc.integer({ min: 1, max: 255 }))
  await fc.assert(
    fc.asyncProperty(damaged, async ([at, change]) => {
      const bytes = new Uint8Array(table.slice(0))
      bytes[at] = bytes[at]! ^ change
      try {
        await gathered(parquet(file('damaged.parquet', bytes)))
      } catch (error) {
        assert.ok(error instanceof InputError, String(error))
        refusals.push(error.message)
      }
    }),
    { numRuns: 20 },
  )
  await assert.rejects(gathered(parquet(file('cut.parquet', new Uint8Array(table.slice(0, 200))))), DataError)
  const bytes = new Uint8Array(table.slice(0))
  bytes.fill(0xff, 30, 60)
  await assert.rejects(gathered(parquet(file('first.parquet', bytes))), /first\.parquet, field row group 0: /)
})

test('Parquet with checksums: a page that was changed is refused, where without them it would be read', async () => {
  const plain = parquetWriteBuffer({ columnData: [{ name: 'text', data: ['one', 'two', 'three'], type: 'STRING' }], codec: 'UNCOMPRESSED' })
  const changed = (bytes: Uint8Array): Uint8Array => {
    const at = Buffer.from(bytes).indexOf('three')
    assert.ok(at > 0)
    return bytes.with(at, 'T'.charCodeAt(0))
  }
  const rows = (name: string, bytes: Uint8Array) => gathered(parquet(file(name, bytes)))
  const sound = withChecksums(plain)
  assert.deepEqual(await rows('sound.parquet', sound), [{ text: 'one' }, { text: 'two' }, { text: 'three' }])
  await assert.rejects(rows('changed.parquet', changed(sound)), /row group 0: .*column text, page 0: bytes whose checksum is not/)
  assert.deepEqual((await rows('unknown.parquet', changed(new Uint8Array(plain)))).at(-1), { text: 'Three' })
})
