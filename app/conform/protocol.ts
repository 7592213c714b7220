/**
 * How an implementation in any language is asked: lines of JSON on its standard input, each answered by one line on its standard output.
 *
 *     → { "id": "mild", "loss": "kto", "settings": { "beta": 0.1, … }, "dtype": "float64", "inputs": { "policy_logps": […], … } }
 *     ← { "loss": 0.49, "losses": […], "rewards": […], "grads": { "policy_logps": […], "policy_KL_logps": null } }
 *     ← { "unsupported": "masks" }                                              where it has nothing of the kind
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Settings } from '../../halos/index.ts'
import { ConformError } from '../terminal/errors.ts'
import { scalarOf, toJson } from '../terminal/json.ts'

export type Dtype = 'float64' | 'float32' | 'bfloat16'
/** A number for each example, or a row of them, one a token. */
export type ConformValues = readonly number[] | readonly (readonly number[])[]

export interface ConformQuestion {
  readonly id: string
  /** As the command line names it. */
  readonly loss: string
  readonly settings: Settings
  readonly dtype: Dtype
  /** `policy_logps`, `ref_logps`, `labels` (1, −1), …: the names of `halograd loss`. Rows where there are masks. */
  readonly inputs: Readonly<Record<string, ConformValues>>
  /** 1 for the tokens of the completion; what stands elsewhere in the inputs of that name must not matter. */
  readonly masks?: Readonly<Record<string, readonly (readonly number[])[]>>
  /** The batch comes in parts of these sizes; the answer is that of the whole batch. */
  readonly parts?: readonly number[]
  /** What the parts are. */
  readonly over?: 'micro-batches' | 'ranks'
}
export interface Reply {
  readonly loss: number
  readonly losses?: ConformValues
  /** In the order of the inputs; of pairs, those of the chosen and of the rejected completions. */
  readonly rewards?: readonly number[] | { readonly chosen: readonly number[]; readonly rejected: readonly number[] }
  /** ∂loss/∂input by name; null where no gradient flows. */
  readonly grads: Readonly<Record<string, ConformValues | null>>
  /** How many parts the batch was cut into. */
  readonly parts?: number
}
/** What it cannot do, or what went wrong. */
export interface ConformRefusal {
  readonly unsupported?: string
  readonly error?: string
}
export type ConformReply = Reply | ConformRefusal
export const isReply = (answer: ConformReply): answer is Reply => 'loss' in answer

/** What answers questions, in their order. */
export type Implementation = (questions: readonly ConformQuestion[]) => Promise<readonly ConformReply[]>

/** A program that is started once and answers line by line. @throws ConformError where it crashes, is silent, or gives an invalid answer */
export const program =
  (command: string, timeout: number, signal: AbortSignal): Implementation =>
  (questions) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, { shell: true, detached: process.platform !== 'win32' }) // a group of its own, to end whatever it starts
      const answers: ConformReply[] = []
      let said = ''
      const end = (error?: Error): void => {
        clearTimeout(silence)
        signal.removeEventListener('abort', stop)
        kill(child)
        if (error === undefined) resolve(answers)
        else reject(error)
      }
      const failed = (what: string): void =>
        end(new ConformError(`'${command}' ${what}${said.trim() === '' ? '' : `\nIt said:\n${said.trim()}`}`))
      const stop = (): void => failed('was stopped')
      const after = (): string => `after ${answers.length} of ${questions.length} answers`
      const silence = setTimeout(
        () => failed(`said nothing for ${timeout} s, ${after()}. Give it more time with --timeout`),
        1000 * timeout,
      )
      signal.addEventListener('abort', stop)
      createInterface({ input: child.stdout }).on('line', (line) => {
        silence.refresh()
        if (line.trim() === '') return
        const answer = answerOf(line)
        if (answer === undefined)
          return failed(`answered '${line.slice(0, 200)}' to '${questions[answers.length]?.id}'; expected {"loss": …, "grads": {…}}`)
        answers.push(answer)
      })
      child.stderr.on('data', (text) => {
        silence.refresh()
        said = `${said}${text}`.slice(-1000)
      })
      child.on('error', (error) => failed(`could not be started: ${error.message}`))
      child.on('close', (code, killed) => {
        if (code !== 0) return failed(`ended with ${killed ?? `exit code ${code}`} ${after()}`)
        if (answers.length !== questions.length) return failed(`gave ${answers.length} answers, expected ${questions.length}`)
        end()
      })
      child.stdin.on('error', () => undefined) // a program that stops reading is reported when it ends
      child.stdin.end(questions.map((question) => `${toJson(question)}\n`).join(''))
    })

const kill = ({ pid, exitCode, signalCode }: ChildProcess): void => {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // it has ended meanwhile
  }
}

// ------------------------------------------------------------------ answers, as they come

const answerOf = (line: string): ConformReply | undefined => {
  try {
    return replyOf(JSON.parse(line.replace(/(?<![\w"])(-?Infinity|NaN)(?![\w"])/g, '"$1"')))
  } catch {
    return undefined
  }
}
/** An answer, if it is one. Python writes NaN and Infinity as no JSON has them; strings stand for them. */
export const replyOf = (given: unknown): ConformReply | undefined => {
  if (!isRecord(given)) return undefined
  if (typeof given.unsupported === 'string') return { unsupported: given.unsupported }
  if (typeof given.error === 'string') return { error: given.error }
  const loss = numberOf(given.loss)
  if (loss === undefined || !isRecord(given.grads)) return undefined
  const grads = Object.entries(given.grads).map(([name, x]) => [name, x === null ? null : valuesOf(x)] as const)
  if (grads.some(([, x]) => x === undefined)) return undefined
  const [losses, rewards] = [valuesOf(given.losses), rewardsOf(given.rewards)]
  return {
    ...{ loss, grads: Object.fromEntries(grads) as Reply['grads'] }, // none is undefined
    ...(losses && { losses }),
    ...(rewards && { rewards }),
    ...(typeof given.parts === 'number' && { parts: given.parts }),
  }
}
const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)
const numberOf = (x: unknown): number | undefined => {
  const found = scalarOf(x)
  return found === undefined ? undefined : Number(found)
}
const flatOf = (x: unknown): readonly number[] | undefined => {
  const found = Array.isArray(x) ? x.map(numberOf) : undefined
  return found?.every((y) => y !== undefined) ? found : undefined
}
const valuesOf = (x: unknown): ConformValues | undefined => {
  if (!Array.isArray(x) || !x.some(Array.isArray)) return flatOf(x)
  const rows = x.map(flatOf)
  return rows.every((row) => row !== undefined) ? rows : undefined
}
const rewardsOf = (x: unknown): Reply['rewards'] | undefined => {
  if (!isRecord(x)) return flatOf(x)
  const [chosen, rejected] = [flatOf(x.chosen), flatOf(x.rejected)]
  return chosen && rejected && { chosen, rejected }
}
