/**
 * The kit tells right implementations from wrong ones: each of these mutations is found by the property that it breaks, published defects are found
 * from recorded numbers, and what is right passes.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { conform, examined } from '../../app/conform/conform.ts'
import { type ConformFinding, isViolated } from '../../app/conform/findings.ts'
import type { Reply } from '../../app/conform/protocol.ts'
import type { Property } from '../../app/conform/questions.ts'
import { judgeRecords } from '../../app/conform/recorded.ts'
import { inJUnit, inWords } from '../../app/conform/report.ts'
import { add, div, mean, mul, sigmoid, size, slice, square, stopGradient, sub, sum, type Tensor } from '../../core/index.ts'
import { halograd, temporary } from '../app/fixture.ts'
import { type Choices, hinge, implementation, ipo, logOfNaive, naive, right } from './implementations.ts'

type Column = Tensor<'example'>
const of = (x: unknown): Column => x as Column // one number an example
const found = async (loss: string, choices: Partial<Choices>): Promise<readonly ConformFinding[]> =>
  conform(await examined(loss, {}), implementation(choices))
const violated = (findings: readonly ConformFinding[]): readonly Property[] => findings.filter(isViolated).map(({ property }) => property)

test('right implementations of KTO, DPO, hinge and IPO: nothing is violated, and what can be asked is', async () => {
  for (const [loss, choices] of [
    ['kto', {}],
    ['dpo', {}],
    ['hinge', hinge],
    ['ipo-sum', ipo],
  ] as const) {
    const findings = await found(loss, choices)
    assert.deepEqual(findings.filter(isViolated), [], inWords(loss, findings))
    const untested = findings.filter(({ verdict }) => verdict === 'not tested').map(({ property }) => property)
    assert.deepEqual(untested, loss === 'kto' ? [] : ['stop-gradient', 'weights', 'one-sided batches', 'advantages'])
  }
})

const reply = (change: (reply: Reply, id: string) => Partial<Reply>): Partial<Choices> => ({
  answer: (given, { id }) => ({ ...given, ...change(given, id) }),
})
const scaled = (grads: Reply['grads'], by: number): Reply['grads'] =>
  Object.fromEntries(Object.entries(grads).map(([name, x]) => [name, x && (x.flat().map((y) => by * y) as readonly number[])]))
const eachPart =
  (z0: (part: Column) => Tensor): Choices['pool'] =>
  (parts) =>
    parts.map(z0)
/** Remembers: what it was asked before changes what it answers. */
const running = (): Choices['pool'] => {
  let before = 0
  return (parts) => right.pool(parts).map((z0) => add(z0, 0.01 * before++))
}

const mutations: readonly (readonly [what: string, loss: string, Partial<Choices>, by: Property])[] = [
  ['z0 is not held constant', 'kto', { hold: (z0) => z0 }, 'stop-gradient'],
  [
    'z0 is not clamped',
    'kto',
    { pool: (parts) => parts.map(() => div(sum(parts[0]!, 'example'), size(parts[0]!, 'example'))) },
    'one example',
  ],
  [
    'z0 is clamped by each rank',
    'kto',
    {
      pool: (parts) => {
        const each = parts.map((part) => right.pool([part])[0]!)
        const z0 = mul(
          each.reduce((a, b) => add(a, b)),
          1 / parts.length,
        )
        return parts.map(() => z0)
      },
    },
    'pooled over ranks',
  ],
  ['each micro-batch has its own z0', 'kto', { pool: eachPart((part) => right.pool([part])[0]!) }, 'pooled over micro-batches'],
  ['z0 is in nats', 'kto', { hold: (z0) => stopGradient(mul(z0, 10)) }, 'value'],
  ['z0 is of the judged completions', 'kto', { elsewhere: (x) => x.outcome! }, 'value'],
  ['z0 is left out', 'kto', { hold: (z0) => mul(z0, 0) }, 'value'],
  ['weights are ignored', 'kto', { weight: (label) => of(mul(right.weight(label, 1, 1), 1)) }, 'weights'],
  ['weights are exchanged', 'kto', { weight: (label, up, down) => right.weight(label, down, up) }, 'weights'],
  ['weights divide', 'kto', { weight: (label, up, down) => right.weight(label, 1 / up, 1 / down) }, 'weights'],
  ['beta is always 0.1', 'kto', { beta: () => 0.1 }, 'settings'],
  ['beta is always 0.1, of pairs', 'dpo', { beta: () => 0.1 }, 'settings'],
  ['summed, not averaged', 'kto', { average: (losses) => sum(losses, 'example') }, 'value'],
  ['labels are turned round', 'kto', { sign: (label) => of(mul(right.sign(label), -1)) }, 'monotonicity'],
  ['labels are ignored', 'kto', { sign: (label) => of(add(mul(right.sign(label), 0), 1)) }, 'monotonicity'],
  ['log σ, which does not saturate on losses', 'kto', { value: (z) => of(mul(right.pair(z, z, z, 1), -1)) }, 'saturation'],
  ['a straight value', 'kto', { value: (z) => z }, 'saturation'],
  ['twice as steep a value', 'kto', { value: (z) => sigmoid(of(mul(z, 2))) }, 'gradient'],
  ['a convex value', 'kto', { value: (z) => square(z) }, 'concavity'],
  ['σ that overflows', 'kto', { value: naive }, 'finite at extremes'],
  ['log of σ', 'dpo', { pair: (z) => of(mul(logOfNaive(z), -1)) }, 'finite at extremes'],
  ['no reference model', 'dpo', { rewards: (policy, _, beta) => of(mul(policy, beta)) }, 'reference model'],
  [
    'the policy is divided by itself where nothing has changed',
    'dpo',
    { rewards: (p, q, beta) => of(mul(div(square(sub(p, q)), sub(p, q)), beta)) },
    'step 0',
  ],
  ['chosen and rejected are exchanged', 'dpo', { pair: (z) => right.pair(of(mul(z, -1)), z, z, 1) }, 'monotonicity'],
  ['a kink that belongs to one side', 'hinge', { pair: (z) => of(mul(sub(1, z), mul(add(sub(1, z), 0), 0.5))) }, 'ties'],
  ['never flat', 'hinge', { pair: (z) => of(sub(1, z)) }, 'saturation'],
  ['1/β for 1/(2β)', 'ipo-sum', { pair: (z, a, b, beta) => ipo.pair!(z, a, b, beta / 2) }, 'value'],
  [
    'desirable and undesirable averaged apart',
    'kto',
    {
      average: (l, label) => add(mean(l, 'example'), mul(div(sum(of(sub(label, label)), 'example'), sum(of(sub(1, label)), 'example')), 1)),
    },
    'one-sided batches',
  ],
  ['padding counts', 'dpo', { completion: (row) => row.reduce((a, b) => a + b, 0) }, 'masks'],
  ['the size of labels is ignored', 'kto', { magnitude: (label) => of(add(mul(right.magnitude(label), 0), 1)) }, 'advantages'],
  [
    'the last example is forgotten',
    'dpo',
    { average: (l) => (size(l, 'example') > 1 ? mean(slice(l, 'example', 0, size(l, 'example') - 1), 'example') : mean(l, 'example')) },
    'order of examples',
  ],
  ['remembers', 'kto', { pool: running() }, 'no memory'],
  ['the gradient is accumulated twice', 'dpo', reply(({ grads }) => ({ grads: scaled(grads, 2) })), 'gradient'],
  [
    'losses in another order',
    'kto',
    reply(({ losses }) => ({ losses: [...(losses ?? []).flat()].sort((a, b) => a - b) })),
    'losses of examples',
  ],
  ['one loss for all', 'dpo', reply(({ loss }) => ({ losses: [loss] })), 'losses of examples'],
  [
    'rewards without β',
    'dpo',
    reply(({ rewards }) => ({
      rewards: { chosen: [...(rewards as { chosen: readonly number[] }).chosen].map((x) => 10 * x), rejected: [] },
    })),
    'rewards',
  ],
  ['a float32 that is none', 'dpo', reply((given, id) => (id.includes('float32') ? { loss: given.loss * 1.001 } : {})), 'float32'],
  [
    'a bfloat16 that is none',
    'dpo',
    reply((given, id) => (id.includes('bfloat16') ? { grads: scaled(given.grads, 1.2) } : {})),
    'bfloat16',
  ],
]

test(`each of ${mutations.length} mutations is found, by the property that it breaks`, async () => {
  for (const [what, loss, choices, by] of mutations) {
    const base = { hinge, 'ipo-sum': ipo }[loss] ?? {}
    const properties = violated(await found(loss, { ...base, ...choices }))
    assert.ok(properties.includes(by), `${what}: ${properties.join(', ') || 'nothing'} is violated, expected ${by}`)
  }
})

test('published defects are found from their numbers, and what was right is not accused', async () => {
  const file = new URL('../golden/defects.json', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const records: readonly { readonly id: string; readonly defect: string }[] = JSON.parse(text)
  const judged = await judgeRecords(text, 'defects.json')
  for (const [i, { id, defect }] of records.entries()) {
    const { defects } = judged[i]!
    if (defect === '') assert.deepEqual(defects, [], id)
    else
      assert.ok(
        defects.some((each) => each.startsWith(`${defect}: `)),
        `${id}: ${defects}`,
      )
  }
  assert.ok(records.filter(({ defect }) => defect !== '').length >= 5)
  await assert.rejects(judgeRecords('[{"loss": "kto"}]', 'bad.json'), /bad\.json: expected record 0 with "loss" and "inputs"/)
  await assert.rejects(judgeRecords('[{"loss": "kto", "inputs": {}, "answer": {}}]', 'bad.json'), /record 0 with "answer"/)
})

test('reports: words, JUnit, vectors; a program that crashes, is silent or talks nonsense', async () => {
  const folder = temporary()
  const findings = await found('dpo', { rewards: (policy, _, beta) => of(mul(policy, beta)) })
  assert.match(inWords('dpo', findings), /VIOLATED {4}reference model .*\n[\s\S]*dpo: \d+ hold, \d+ violated, \d+ not tested$/)
  const junit = inJUnit('dpo', findings)
  assert.equal(junit.match(/<testcase /g)!.length, findings.length)
  assert.equal(junit.match(/<failure /g)!.length, violated(findings).length)

  const vectors = join(folder, 'vectors.json')
  assert.equal((await halograd('conform', '--loss', 'kto', '--vectors', vectors)).code, 0)
  const written = JSON.parse(readFileSync(vectors, 'utf8'))
  assert.deepEqual([written.format, written.version, written.loss], ['halograd conform', 1, 'kto'])
  assert.ok(written.vectors.every((each: object) => 'question' in each && 'expected' in each && 'property' in each))

  const script = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return `"${process.execPath}" "${join(folder, name)}"`
  }
  const asked = (command: string, ...more: readonly string[]) => halograd('conform', '--loss', 'dpo', '--command', command, ...more)
  const crash = await asked(script('crash.mjs', 'console.error("out of luck"); process.exit(3)'))
  assert.match(crash.err, /ended with exit code 3 after 0 of \d+ answers\nIt said:\nout of luck/)
  assert.match(
    (await asked(script('odd.mjs', 'console.log("hello"); process.stdin.resume()'))).err,
    /answered 'hello' to 'mild'; expected \{"loss": …/,
  )
  assert.match(
    (await asked(script('mute.mjs', 'process.stdin.resume(); setInterval(() => {}, 1000)'), '--timeout', '1')).err,
    /said nothing for 1 s/,
  )
  const none = await asked(
    script(
      'none.mjs',
      'process.stdin.on("data", (d) => { for (const l of String(d).trim().split("\\n")) console.log(`{"unsupported": "anything"}`) })',
    ),
  )
  assert.equal(none.code, 0, none.err)
  assert.match(none.out, /dpo: 0 hold, 0 violated/)
  assert.match((await halograd('conform', '--loss', 'dpo')).err, /give one of --command, --recorded, --vectors and --examples/)
})
