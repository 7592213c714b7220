/** A run can be watched: its log, its CSV, TensorBoard's events, its curves and its picture say the same; and it is watched itself, on held-out data. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { loadCheckpoint } from '../../app/inputs/checkpoint.ts'
import { curveLines } from '../../app/run/curves.ts'
import { type LogRow, readLog } from '../../app/run/log.ts'
import { bestOf, sinceBest } from '../../app/run/selection.ts'
import { startEvent } from '../../app/run/tensorboard.ts'
import { leaves, paths } from '../../core/index.ts'
import { plain } from '../../core/internal.ts'
import { readWeights } from '../../models/index.ts'
import { halograd, interrupted, jsonLines, pairs, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'pairs.jsonl'), pairs)
/** What nobody should learn from `data`: the longer it trains, the worse it is here. */
const opposite = jsonLines(
  join(folder, 'opposite.jsonl'),
  pairs.map(({ prompt, chosen, rejected }) => ({ prompt, chosen: rejected, rejected: chosen })),
)
const common = [
  'align',
  '--halo',
  'dpo',
  '--model',
  model,
  '--data',
  data,
  '--batch',
  '4',
  '--lr',
  '0.02',
  '--backend',
  'wasm',
  '--threads',
  '1',
]
const out = join(folder, 'out')
const args = [...common, '--steps', '12', '--eval', opposite, '--eval-every', '3', '--out', out]

// ------------------------------------------------------------------ files

/** CRC-32C (Castagnoli) by its definition: division by the polynomial, bit by bit. */
const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}

/** The records of an event file, each with both of its checksums right. */
const recordsOf = (file: Buffer): readonly Buffer[] => {
  const checked = (from: number, to: number): Buffer => {
    const bytes = file.subarray(from, to)
    const crc = crc32c(bytes)
    assert.equal(file.readUInt32LE(to), (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0)
    return bytes
  }
  const records: Buffer[] = []
  for (let at = 0; at < file.length; ) {
    const length = Number(checked(at, at + 8).readBigUInt64LE())
    records.push(checked(at + 12, at + 12 + length))
    at += 16 + length
  }
  return records
}

/** The fields of a message, as numbers and bytes. */
const fieldsOf = (message: Buffer): readonly (readonly [field: number, value: number | Buffer])[] => {
  const fields: (readonly [number, number | Buffer])[] = []
  let at = 0
  const varint = (): number => {
    let [value, scale] = [0, 1]
    for (; message[at]! >= 128; at++, scale *= 128) value += (message[at]! - 128) * scale
    return value + message[at++]! * scale
  }
  const take = (length: number): number => {
    at += length
    return at - length
  }
  const read: Readonly<Record<number, () => number | Buffer>> = {
    0: varint,
    1: () => message.readDoubleLE(take(8)),
    2: () => {
      const length = varint()
      return message.subarray(take(length), at)
    },
    5: () => message.readFloatLE(take(4)),
  }
  while (at < message.length) {
    const key = varint()
    fields.push([key >>> 3, read[key & 7]!()])
  }
  return fields
}

const eventsIn = (directory: string) =>
  readdirSync(join(directory, 'events'))
    .sort()
    .map((name) => recordsOf(readFileSync(join(directory, 'events', name))).map((record) => new Map(fieldsOf(record))))

const scalarsOf = (event: ReadonlyMap<number, number | Buffer>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    fieldsOf(event.get(5) as Buffer).map(([, value]) => {
      const scalar = new Map(fieldsOf(value as Buffer))
      return [String(scalar.get(1)), Number(scalar.get(2))]
    }),
  )

test('the log, the CSV and the events say the same, while the run goes on and after', async () => {
  const first = await interrupted(/^align 1\/12/, ...args)
  assert.equal(first.code, 130, first.err)
  const run = await halograd(...args, '--resume')
  assert.equal(run.code, 0, run.err)
  const rows = await readLog(out)
  assert.deepEqual(
    rows.map(({ step }) => step),
    Array.from({ length: 13 }, (_, i) => i),
  )
  assert.deepEqual(
    rows.filter(({ eval_loss }) => eval_loss !== undefined).map(({ step }) => step),
    [0, 3, 6, 9, 12],
  )

  const [header, ...lines] = readFileSync(join(out, 'metrics.csv'), 'utf8').trim().split('\n')
  const names = header!.split(',')
  assert.deepEqual(
    lines.map((line) => Object.fromEntries(line.split(',').flatMap((cell, i) => (cell === '' ? [] : [[names[i]!, Number(cell)]])))),
    rows.map((row) => ({ ...row })),
  )

  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa) // RFC 3720, B.4
  const [before, after] = eventsIn(out)
  for (const events of [before!, after!]) assert.equal(String(events[0]!.get(3)), 'brain.Event:2')
  // What was logged after the checkpoint counts no more: the run begins again before step 2.
  assert.deepEqual([after![1]!.get(2), fieldsOf(after![1]!.get(7) as Buffer)], [2, [[1, 1]]])
  const scalars = [...before!.slice(1, 3), ...after!.slice(2)]
  assert.deepEqual(
    scalars.map((event) => event.get(2)),
    rows.map(({ step }) => step),
  )
  for (const [i, event] of scalars.entries()) {
    const found = scalarsOf(event)
    for (const [name, value] of Object.entries(rows[i]!)) {
      if (['step', 'epoch', 'tokens'].includes(name)) continue
      const tag = name.startsWith('eval_') ? `eval/${name.slice(5)}` : `train/${name}`
      assert.equal(found[tag], Math.fround(value), tag)
    }
  }
})

test('an event file begins as those that TensorFlow writes', () => {
  const name = readdirSync(join(out, 'events'))[0]!
  assert.match(name, /^events\.out\.tfevents\.\d{10}\./)
  const head = readFileSync(join(out, 'events', name)).subarray(0, 13)
  assert.equal(head.toString('hex'), '1800000000000000a37f4b2209')
  assert.equal(recordsOf(Buffer.from(startEvent(1, 300))).length, 1)
})

test('a run is drawn, finished or not, as SVG and PNG', async () => {
  const svg = join(folder, 'run.svg')
  assert.equal((await halograd('plot', 'run', out, '--out', svg)).code, 0)
  const text = readFileSync(svg, 'utf8')
  for (const title of ['loss', 'rewards margin', 'rewards accuracy', 'gradient norm', 'learning rate', 'held out'])
    assert.ok(text.includes(title), title)
  assert.ok(!text.includes('KL from'), 'DPO does not measure it')
  const png = await halograd('plot', 'run', out, '--out', join(folder, 'run.png'), '--json')
  assert.deepEqual(JSON.parse(png.out), { out: join(folder, 'run.png'), steps: 12 })
  assert.equal(readFileSync(join(folder, 'run.png')).subarray(1, 4).toString(), 'PNG')
  const nowhere = await halograd('plot', 'run', folder, '--out', svg)
  assert.match(nowhere.err, /metrics\.jsonl: expected a file that can be read, found no such file/)
})

const rowsOf = (...losses: readonly (number | undefined)[]): readonly LogRow[] =>
  losses.map((eval_loss, step) => ({
    step,
    epoch: step,
    tokens: 1,
    loss: 1 / (step + 1),
    ...(eval_loss === undefined ? {} : { eval_loss }),
  }))

test('curves have a title and a line for each height; too few steps have none', () => {
  const lines = curveLines(rowsOf(...Array.from({ length: 300 }, () => undefined)))
  assert.match(lines[1]!, /^loss/)
  assert.equal(lines.length, 10)
  assert.ok(Math.max(...lines.map((line) => line.length)) < 80)
  assert.deepEqual(curveLines(rowsOf(1, 1, 1)), [])
})

// ------------------------------------------------------------------ held-out data

test('the best row is the first of the lowest held-out loss; before training does not count', () => {
  const rows = rowsOf(0.1, 0.9, undefined, 0.7, 0.7, Number.NaN, 0.8)
  assert.equal(bestOf(rows)?.step, 3)
  assert.equal(sinceBest(rows), 3)
  assert.equal(bestOf(rowsOf(0.1, undefined)), undefined)
  assert.equal(sinceBest(rowsOf(0.1, Number.NaN, Number.NaN)), 1)
})

test('a run that only gets worse stops early, and the best of it is saved, today or when it is asked for later', async () => {
  const patient = join(folder, 'patient')
  const early = [...common, '--steps', '60', '--eval', opposite, '--eval-every', '2', '--patience', '3', '--out', patient]
  const run = await halograd(...early, '--json')
  assert.equal(run.code, 0, run.err)
  const last = JSON.parse(run.out)
  assert.deepEqual([last.steps, last.saved, last.interrupted], [8, 8, false])
  assert.ok(last.heldOut.after.metrics.loss > last.heldOut.before.metrics.loss)

  const asked = await halograd(...early, '--best', '--resume', '--json')
  const best = JSON.parse(asked.out)
  assert.deepEqual([best.steps, best.saved], [8, 2])
  assert.match(asked.err, /resumed after step 8[\s\S]*The best, of step 2, is saved/)
  assert.equal(best.heldOut.after.metrics.loss, (await readLog(patient)).find(({ step }) => step === 2)?.eval_loss)
  const kept = await readWeights(join(patient, 'checkpoints', 'step-000002', 'state.safetensors'))
  const { parameters } = await loadCheckpoint(patient)
  const saved = leaves(parameters)
  for (const [i, name] of paths(parameters).entries()) {
    const { op } = saved[i]!
    assert.ok(op.tag === 'data')
    assert.deepEqual(Array.from(plain(op.values)), Array.from(kept.get(`parameters.${name}`)!.data), name)
  }
})

test('without held-out data nothing can be best', async () => {
  const { code, err } = await halograd(...common, '--steps', '2', '--eval', '0', '--best', '--out', join(folder, 'none'))
  assert.equal(code, 2)
  assert.match(err, /--best and --patience need at least 2 held-out examples/)
})
