/**
 * The run whose curves the README shows: the demo's small model learns by DPO that Melville's order of words is better than the reverse. Small,
 * seeded and exact: the same numbers on every machine.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../cli/main.ts'
import { book } from '../demo/book.ts'
import { type LogRow, readLog } from '../run/log.ts'

/** Every sentence of six words and more, a prompt of four; the rest as it stands, and reversed. */
const pairs = (): readonly string[] =>
  book().training.flatMap((chapter) =>
    chapter.split('. ').flatMap((sentence): readonly string[] => {
      const words = sentence.split(' ').slice(0, 10)
      const [prompt, rest] = [words.slice(0, 4), words.slice(4)]
      const [chosen, rejected] = [rest, rest.toReversed()].map((order) => ` ${order.join(' ')}`)
      return chosen === rejected ? [] : [JSON.stringify({ prompt: prompt.join(' '), chosen, rejected })]
    }),
  )

/** What it logs. */
export const wordOrder = async (): Promise<readonly LogRow[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'halograd-'))
  const [model, data, out] = ['model', 'pairs.jsonl', 'out'].map((name) => join(folder, name)) as [string, string, string]
  try {
    await writeFile(data, `${pairs().slice(0, 600).join('\n')}\n`)
    await halograd('demo', '--world', 'moby-dick', '--size', 'small', '--threads', '1', '--out', model)
    await halograd(
      ...['align', '--halo', 'dpo', '--model', model, '--data', data, '--out', out, '--exact', '--threads', '1', '--seed', '1'],
      ...['--epochs', '3', '--batch', '16', '--lr', '3e-3', '--eval', '0.2', '--eval-every', '10', '--save-every', '0'],
    )
    return await readLog(out)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs a command in this process without printing. @throws Error with its messages, if it failed */
const halograd = async (...args: readonly string[]): Promise<void> => {
  const said: string[] = []
  const say = (line = ''): void => {
    said.push(line)
  }
  const code = await main(args, { print: say, say, interactive: false, stop: new AbortController().signal })
  if (code !== 0) throw new Error(`halograd ${args.join(' ')} ended with ${code}:\n${said.join('\n')}`)
}
