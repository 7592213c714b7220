/** `halograd export`: directories and GGUF files of the same model, adapters merged; what cannot be written is refused before anything is. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { gguf } from '@huggingface/gguf'
import { loadCheckpoint } from '../../app/inputs/checkpoint.ts'
import { mapTree, tensor, volume } from '../../core/index.ts'
import { adapterFiles, initializeAdapters, merge, readWeights, toWeights, writeDirectoryAtomically } from '../../models/index.ts'
import { backend, close } from '../models/tiny.ts'
import { halograd, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const run = (...args: readonly string[]) => halograd('export', '--backend', 'reference', '--model', model, ...args)

test('a directory in another number format, whole', async () => {
  const out = join(folder, 'half')
  const { code, err } = await run('--dtype', 'f16', '--out', out)
  assert.equal(code, 0, err)
  const [before, after] = [await readWeights(model), await readWeights(out)]
  assert.deepEqual([...after.keys()], [...before.keys()])
  for (const [name, { dtype, data }] of after) {
    assert.equal(dtype, 'F16')
    close([...data], [...before.get(name)!.data], 2 ** -11, name)
  }
  await loadCheckpoint(out)
})

test('a GGUF file, with its tokenizer', async () => {
  const out = join(folder, 'model.gguf')
  const { code, out: printed } = await run('--format', 'gguf', '--out', out, '--json')
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(printed), { out, format: 'gguf', dtype: 'f16', family: 'llama' })
  const { metadata, tensorInfos } = await gguf(out, { allowLocalFile: true })
  assert.deepEqual([Object.entries(metadata).find(([key]) => key === 'general.name')?.[1], tensorInfos.length], ['model', 11])
})

test('adapters, merged', async () => {
  const { model: base, parameters } = await loadCheckpoint(model)
  const options = { rank: 2, alpha: 4, targets: ['q_proj', 'down_proj'] }
  const adapters = mapTree(initializeAdapters(base.config, options, 1), (x) =>
    tensor(
      x.shape,
      Array.from({ length: volume(x.shape) }, (_, i) => Math.sin(i)),
    ),
  )
  const directory = join(folder, 'adapters')
  await writeDirectoryAtomically(directory, await adapterFiles(backend, base.config, options, adapters, model))
  const out = join(folder, 'merged')
  const { code, err } = await run('--adapters', directory, '--out', out)
  assert.equal(code, 0, err)
  const [before, after] = [await readWeights(model), await readWeights(out)]
  const expected = await toWeights(backend, base.config, merge(base.config, parameters, adapters, options))
  for (const { name, data } of expected) close([...after.get(name)!.data], [...data], 1e-6, name)
  const changed = [...after].filter(([name, { data }]) => data.some((x, i) => x !== before.get(name)!.data[i])).map(([name]) => name)
  assert.deepEqual(changed, ['model.layers.0.self_attn.q_proj.weight', 'model.layers.0.mlp.down_proj.weight'])
})

test('what cannot be done is refused, and nothing is written', async () => {
  const refused = async (message: RegExp, ...args: readonly string[]) => {
    const { code, err } = await run(...args)
    assert.ok(code !== 0)
    assert.match(err, message)
  }
  writeFileSync(join(folder, 'file'), 'something')
  await refused(/only GGUF files have it; add --format gguf/, '--dtype', 'q8_0', '--out', join(folder, 'never'))
  await refused(/--out is --model/, '--out', model)
  await refused(/is a file; give the path of a directory/, '--out', join(folder, 'file'))
  await refused(/is a directory; give the path of a file/, '--format', 'gguf', '--out', folder)
  await refused(/adapter_config\.json: .*no such file/, '--adapters', folder, '--out', join(folder, 'never'))
  assert.ok(!existsSync(join(folder, 'never')))
})
