/** Examples within a context: what is cut first goes first, the rest as late as can be, and completions of one prompt keep one prompt. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Example, fit, fitTogether } from '../../models/index.ts'
import type { TextCut } from '../../models/internal.ts'

const tokens = fc.array(fc.nat({ max: 99 }), { maxLength: 12 })
const cuts: readonly TextCut[] = ['prompt-start', 'completion-end']
const some = fc.record({
  prompt: tokens,
  completions: fc.array(tokens, { minLength: 1, maxLength: 3 }),
  context: fc.integer({ min: 2, max: 16 }),
})

const eachCut = (holds: (texts: readonly Example[], fitted: readonly Example[], context: number, first: TextCut) => void): void =>
  fc.assert(
    fc.property(some, fc.constantFrom(...cuts), ({ prompt, completions, context }, first) => {
      const texts = completions.map((completion) => ({ prompt, completion }))
      holds(texts, fitTogether(texts, context, first), context, first)
    }),
  )

test('everything fits, and what fits already is as it was', () => {
  eachCut((texts, fitted, context) => {
    for (const { prompt, completion } of fitted) assert.ok(prompt.length + completion.length <= context)
    if (texts.every(({ prompt, completion }) => prompt.length + completion.length <= context)) assert.deepEqual(fitted, texts)
  })
})

test('prompts lose their beginning, all alike; completions lose their end', () => {
  eachCut((texts, fitted) => {
    for (const [i, { prompt, completion }] of fitted.entries()) {
      assert.deepEqual(prompt, fitted[0]!.prompt)
      assert.deepEqual(prompt, texts[i]!.prompt.slice(texts[i]!.prompt.length - prompt.length))
      assert.deepEqual(completion, texts[i]!.completion.slice(0, completion.length))
    }
  })
})

test('nothing is cut in vain: the longest completion and the prompt fill the context', () => {
  eachCut((texts, fitted, context) => {
    const longest = Math.max(...fitted.map(({ completion }) => completion.length))
    const whole = texts.every(
      ({ prompt, completion }, i) => prompt.length === fitted[i]!.prompt.length && completion.length === fitted[i]!.completion.length,
    )
    assert.ok(whole || fitted[0]!.prompt.length + longest === context)
  })
})

test('the second is cut only when of the first a single token is left', () => {
  eachCut((texts, fitted, _, first) => {
    const lost = (part: 'prompt' | 'completion') => texts.some((text, i) => text[part].length > fitted[i]![part].length)
    const left = (part: 'prompt' | 'completion') => Math.max(...fitted.map((text) => text[part].length))
    if (first === 'prompt-start' && lost('completion')) assert.ok(left('prompt') <= 1)
    if (first === 'completion-end' && lost('prompt')) assert.ok(left('completion') <= 1)
  })
})

test('no completion is cut away', () => {
  eachCut((texts, fitted) => {
    for (const [i, { completion }] of texts.entries()) assert.ok(completion.length === 0 || fitted[i]!.completion.length > 0)
  })
})

test('an example by hand', () => {
  const example = { prompt: [1, 2, 3, 4], completion: [5, 6, 7] }
  assert.deepEqual(fit(example, 5), { prompt: [3, 4], completion: [5, 6, 7] })
  assert.deepEqual(fit(example, 5, 'completion-end'), { prompt: [1, 2, 3, 4], completion: [5] })
  assert.deepEqual(fit(example, 3, 'completion-end'), { prompt: [3, 4], completion: [5] })
  const pair = [example, { prompt: [1, 2, 3, 4], completion: [8] }]
  assert.deepEqual(fitTogether(pair, 5), [
    { prompt: [3, 4], completion: [5, 6, 7] },
    { prompt: [3, 4], completion: [8] },
  ])
})
