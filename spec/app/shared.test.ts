/** Real model, real preferences: the first losses agree on every backend, and greedy text is what was published. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { survey } from '../../app/inputs/backends.ts'
import { shared, whenShared } from '../shared.ts'
import { halograd, temporary } from './fixture.ts'

const folder = temporary()
const [stories, thumbs] = ['models/stories260K-hf', 'data/hh-helpful-short.kto.jsonl'] as const

/** What `halograd align --halo kto` finds in its first steps. */
const firstLosses = async (backend: string, mode?: string): Promise<readonly number[]> => {
  const out = join(folder, `${backend}-${mode}`)
  const run = await halograd(
    ...['align', '--halo', 'kto', '--model', shared(stories)!, '--data', shared(thumbs)!, '--out', out, '--json'],
    ...['--steps', '2', '--batch', '2', '--lr', '5e-4', '--eval', '0', '--max-length', '48', '--backend', backend],
    ...(mode === undefined ? [] : ['--mode', mode]),
  )
  assert.equal(run.code, 0, run.err)
  return JSON.parse(run.out).firstLosses
}

test('KTO on real preferences: step 0 is λ/2, and every backend finds the same losses', whenShared(stories, thumbs), async (t) => {
  const expected = await firstLosses('reference')
  assert.ok(Math.abs(expected[0]! - 0.5) < 1e-6)
  assert.ok(Math.abs(expected[1]! - 0.5) > 1e-3, 'the second step has learned from the first')
  for (const { backend, mode, available, detail } of await survey()) {
    if (backend === 'reference' || mode === 'cpu') continue
    if (!available) {
      t.diagnostic(`${backend} ${mode} is not here: ${detail}`)
      continue
    }
    const found = await firstLosses(backend, mode)
    found.forEach((loss, i) => {
      assert.ok(Math.abs(loss - expected[i]!) < 1e-4, `${backend} ${mode}, step ${i}: ${loss} is not ${expected[i]}`)
    })
  }
})

/** The sample in the README of karpathy/tinyllamas: stories260K at temperature 0. */
const published = `Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.
Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, "I want to play with your ball, but I can't find it."
Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
Lily didn't want to help her mom, so she said, "I'm sorry, mom. I didn't know what to do." Her mom said, "Don't worry, Lily. We can help you.`

test('stories260K continues "Once upon a time" as published', whenShared(stories), async () => {
  const run = await halograd(
    ...['generate', '--model', shared(stories)!, '--prompt', 'Once upon a time', '--temperature', '0', '--max-tokens', '256'],
  )
  assert.equal(run.code, 0, run.err)
  assert.ok(run.out.startsWith(published), run.out)
})
