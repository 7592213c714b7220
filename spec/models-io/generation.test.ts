/** generation_config.json: an answer ends wherever the directory says so; what halograd does not read is left as it is. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, formatConfig, parseConfig } from '../../models/index.ts'
import { formatGeneration, readGeneration, withStops } from '../../models/internal.ts'
import { tiny } from '../models/tiny.ts'

const folder = await mkdtemp(join(tmpdir(), 'halograd-generation-'))
after(() => rm(folder, { recursive: true }))

const { config } = tiny[0]!

test('an answer ends at every token that any of the files names', () => {
  const stops = ({ eos, stop }: typeof config) => [eos, stop]
  assert.deepEqual(stops(withStops(config, {}, [])), [undefined, undefined])
  assert.deepEqual(stops(withStops(config, {}, [3])), [3, undefined])
  assert.deepEqual(stops(withStops({ ...config, eos: 3 }, { eos_token_id: 3 }, [3])), [3, undefined])
  assert.deepEqual(stops(withStops({ ...config, eos: 1 }, { eos_token_id: [1, 8, 9] }, [9, 3])), [1, [1, 8, 9, 3]])
  assert.deepEqual(withStops(config, { bos_token_id: 2 }, []).bos, 2)
  assert.deepEqual(withStops({ ...config, bos: 1 }, { bos_token_id: 2 }, []).bos, 1)
})

test('config.json with several ends says them again', () => {
  const json = { ...formatConfig(config), eos_token_id: [4, 7] }
  const read = parseConfig(json)
  assert.deepEqual([read.eos, read.stop], [4, [4, 7]])
  assert.deepEqual(formatConfig(read), json)
  assert.throws(() => parseConfig({ ...json, eos_token_id: [4, -7] }), /eos_token_id: expected a token id .* found \[4,-7\]/)
})

test('how to sample is passed on', async () => {
  assert.deepEqual(await readGeneration(folder), {})
  await writeFile(join(folder, 'generation_config.json'), '{"temperature": 0.6, "top_p": 0.9, "eos_token_id": 7}')
  const json = await readGeneration(folder)
  assert.deepEqual(formatGeneration(withStops({ ...config, eos: 4 }, json, []), json), {
    temperature: 0.6,
    top_p: 0.9,
    eos_token_id: [4, 7],
  })
  await writeFile(join(folder, 'generation_config.json'), '[')
  await assert.rejects(readGeneration(folder), (error) => error instanceof ConfigError && /malformed JSON/.test(error.message))
})
