/** Commands whose files contradict themselves, or were written to do harm; outputs that cannot be written: a sentence and an exit code. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
const bin = fileURLToPath(new URL('../../app/cli/halograd.mjs', import.meta.url))

const refused = async (code: number, says: RegExp, ...args: readonly string[]): Promise<void> => {
  const run = await halograd(...args)
  assert.match(run.err, says)
  assert.equal(run.code, code)
}
/** A model whose config.json was changed. */
const changed = async (name: string, fields: object): Promise<string> => {
  const model = await tinyModel(join(folder, name))
  const file = join(model, 'config.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...fields }))
  return model
}
const generate = (model: string) => ['generate', '--model', model, '--prompt', 'the', '--max-tokens', '1', '--backend', 'reference']

test('adapters that name themselves, or each other, as their base are refused', async () => {
  const adapters = (name: string, base: string): string => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'adapter_config.json'), JSON.stringify({ base_model_name_or_path: join(folder, base) }))
    return join(folder, name)
  }
  await refused(1, /adapters of adapters, in a circle/, ...generate(adapters('itself', 'itself')))
  adapters('other', 'one')
  await refused(1, /adapters of adapters, in a circle: .*one → .*other → .*one/, ...generate(adapters('one', 'other')))
})

test('numbers of config.json are checked against the weights before anything is built', async () => {
  await refused(
    1,
    /num_hidden_layers.*expected 1, as the weights have, found 1000000000/,
    ...generate(await changed('deep', { num_hidden_layers: 1e9 })),
  )
  await refused(
    1,
    /num_hidden_layers.*expected 1, as the weights have, found 2/,
    ...generate(await changed('two', { num_hidden_layers: 2 })),
  )
  await refused(1, /field bos_token_id: expected a token id less than/, ...generate(await changed('bos', { bos_token_id: 1e9 })))
  await refused(1, /field eos_token_id: expected a token id less than/, ...generate(await changed('eos', { eos_token_id: [0, 4000] })))
  await refused(1, /tensor .*: expected shape/, ...generate(await changed('wide', { intermediate_size: 1e12 })))
  const run = await halograd(...generate(await changed('same', { num_hidden_layers: 1, max_position_embeddings: 1e9 })))
  assert.equal(run.code, 0, run.err)
})

test('what every object inherits is no setting, backend, judge or loss', async () => {
  const cases = join(folder, 'cases.json')
  writeFileSync(cases, '[]')
  for (const name of ['toString', 'constructor', '__proto__', 'valueOf', 'hasOwnProperty']) {
    await refused(2, /has no setting/, 'verify', 'kto', '--set', `${name}=1`)
    await refused(2, /there is no loss/, 'verify', name)
    await refused(2, /there is no backend/, 'generate', '--model', await tinyModel(join(folder, 'any')), '--prompt', 'x', '--backend', name)
    await refused(2, /there is no '/, 'loss', '--entry', name, '--in', cases)
  }
})

test('a file of options whose aliases multiply, or that is none, is refused', async () => {
  const align = (text: string) => {
    writeFileSync(join(folder, 'run.yaml'), text)
    return ['align', '--config', join(folder, 'run.yaml')]
  }
  const level = (i: number): string =>
    `a${i}: &a${i} [${Array(9)
      .fill(`*a${i - 1}`)
      .join(', ')}]\n`
  const laughs = `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, i) => level(i + 1)).join('')}`
  await refused(1, /run\.yaml.*expected/, ...align(laughs))
  await refused(1, /run\.yaml.*expected/, ...align('['.repeat(100_000)))
  await refused(1, /run\.yaml: expected at most 1048576 characters/, ...align('# '.repeat(2 ** 20)))
  await refused(1, /field __proto__: expected one of/, ...align('__proto__: 1\n'))
})

test('a lock that is a link to nothing is told, not waited for', async () => {
  mkdirSync(join(folder, 'linked'))
  symlinkSync('nowhere', join(folder, 'linked', '.lock'))
  const model = await tinyModel(join(folder, 'model'))
  const out = join(folder, 'linked')
  await refused(
    1,
    /\.lock is a link to a file that does not exist/,
    'align',
    '--halo',
    'kto',
    '--model',
    model,
    '--data',
    data,
    '--out',
    out,
  )
})

test('standard output that cannot be written is an exit code and a sentence', {
  skip: !existsSync('/dev/full') && 'no /dev/full here',
}, async () => {
  const shell = spawn('sh', ['-c', `"$0" "$1" losses >/dev/full`, process.execPath, bin], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  shell.stderr.on('data', (text) => {
    said += text
  })
  const [code] = await once(shell, 'close')
  assert.equal(code, 1)
  assert.match(said, /standard output cannot be written: ENOSPC/)
})
