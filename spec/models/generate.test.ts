/** Generation: the memory changes nothing, neither does who else is in the batch; sampling is from the distribution that the options say. */
import { deepEqual, ok, rejects } from 'node:assert/strict'
import test from 'node:test'
import { generator, InputError, transformer } from '../../models/index.ts'
import { pick } from '../../models/internal.ts'
import { backend, numbers, tiny, tokens } from './tiny.ts'

const prompts = [[1, 5, 3], [2], [4, 4, 8, 0, 6]]

for (const { name, config, parameters } of tiny) {
  const model = transformer(config)
  const generate = generator(backend, model)

  test(`${name}: with a memory or by running the whole text again, the greedy text is the same`, async () => {
    const generated = await generate(parameters, prompts, { maxTokens: 9, temperature: 0 })
    for (const [i, prompt] of prompts.entries()) {
      const text = [...prompt]
      while (text.length < Math.min(prompt.length + 9, config.context)) {
        const scores = (await numbers(model.logits(parameters, tokens([text])))).slice(-config.vocab)
        text.push(scores.indexOf(Math.max(...scores)))
      }
      deepEqual(generated[i], { tokens: text.slice(prompt.length), ended: 'length' })
    }
  })

  test(`${name}: a sampled text is that of its prompt, seed and position, however prompts are batched`, async () => {
    const options = { maxTokens: 6, temperature: 0.9, topP: 0.95, seed: 5 }
    const together = await generate(parameters, prompts, options)
    deepEqual(await generate(parameters, prompts, { ...options, batch: 1 }), together)
    deepEqual(await generate(parameters, prompts, { ...options, batch: 2 }), together)
    ok(JSON.stringify(await generate(parameters, prompts, { ...options, seed: 6 })) !== JSON.stringify(together))
  })

  test(`${name}: a stop token ends a text and is not part of it; the context ends it, too`, async () => {
    const [whole] = await generate(parameters, [[1, 5, 3]], { maxTokens: 100, temperature: 0 })
    deepEqual([whole!.tokens.length, whole!.ended], [config.context - 3, 'length'])
    const stop = whole!.tokens[4]!
    const seen: number[] = []
    const [cut] = await generate(parameters, [[1, 5, 3]], {
      maxTokens: 100,
      temperature: 0,
      stop: [stop],
      onToken: (token) => seen.push(token),
    })
    const until = whole!.tokens.indexOf(stop)
    deepEqual(cut, { tokens: whole!.tokens.slice(0, until), ended: 'stop' })
    deepEqual(seen, cut!.tokens)
  })

  test(`${name}: prompts that are empty or fill the context are refused by number`, async () => {
    for (const prompt of [[], Array.from({ length: config.context }, () => 1), [11], [-1]])
      await rejects(
        generate(parameters, [[1], prompt], { maxTokens: 1 }),
        (error) => error instanceof InputError && /prompts\[1\]/.test(error.message),
      )
  })
}

test('sampling follows softmax(logits / temperature), cut to top-k or top-p', async () => {
  const logits = Float64Array.of(2, 0.5, 1.2, -3, 0)
  const frequencies = (options: Parameters<typeof pick>[1]) => {
    const counts = [0, 0, 0, 0, 0]
    for (let draw = 0; draw < 20_000; draw++) counts[pick(logits, { seed: 3, ...options }, draw, 0)]!++
    return counts.map((count) => count / 20_000)
  }
  const near = (found: readonly number[], weights: readonly number[]) => {
    const total = weights.reduce((a, b) => a + b)
    found.forEach((x, i) => {
      ok(weights[i]! === 0 ? x === 0 : Math.abs(x - weights[i]! / total) < 0.015, `token ${i}: ${x}, expected ${weights[i]! / total}`)
    })
  }
  const weights = (temperature: number) => [...logits].map((x) => Math.exp(x / temperature))
  near(frequencies({}), weights(1))
  near(frequencies({ temperature: 0.5 }), weights(0.5))
  near(
    frequencies({ topK: 2 }),
    weights(1).map((w, i) => (i === 0 || i === 2 ? w : 0)),
  )
  near(
    frequencies({ topP: 0.75 }),
    weights(1).map((w, i) => (i === 0 || i === 2 ? w : 0)),
  )
  near(frequencies({ topP: 0.5 }), [1, 0, 0, 0, 0])
  near(frequencies({ temperature: 0 }), [1, 0, 0, 0, 0])
  near(frequencies({ topK: 1 }), [1, 0, 0, 0, 0])
})
