/**
 * Functions in a worker, called as if they were here: `ask(worker, 'prove', draft)`. A call that takes too long ends the worker, and another one
 * begins; whoever waits is told so.
 */

/** Functions of a worker by name: what they are asked, and what they answer, is data that can be posted. */
type Functions = Readonly<Record<string, (...args: never[]) => unknown>>

interface Question {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}
type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failed: string }
  | { readonly id: number; readonly news: unknown }

/** In a worker: answer calls of these functions. What `tell` is given reaches the caller's `onNews` while the call runs. */
export const answerCalls = (make: (tell: (news: unknown) => void) => Functions): void => {
  addEventListener('message', async ({ data }: MessageEvent<Question>) => {
    const { id, name, args } = data
    try {
      const functions = make((news) => postMessage({ id, news }))
      const called = Object.hasOwn(functions, name) ? functions[name] : undefined
      if (called === undefined) throw new Error(`the worker has no ${name}`)
      postMessage({ id, result: await called(...(args as never[])) }) // `ask` has checked them
    } catch (error) {
      postMessage({ id, failed: error instanceof Error ? error.message : String(error) })
    }
  })
}

/** The call was ended before it had an answer. */
export class EndedError extends Error {
  override readonly name = 'EndedError'
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly onNews: ((news: unknown) => void) | undefined
  readonly timer: ReturnType<typeof setTimeout> | undefined
}

interface CallOptions {
  /** Milliseconds after which the call, and the worker with it, is ended. Default: never. */
  readonly within?: number
  readonly onNews?: (news: unknown) => void
}

export interface Remote<F> {
  readonly ask: <N extends keyof F & string>(
    name: N,
    args: F[N] extends (...args: infer A) => unknown ? A : never,
    options?: CallOptions,
  ) => Promise<F[N] extends (...args: never[]) => infer R ? Awaited<R> : never>
  /** End all calls. The next one begins a new worker. */
  readonly end: (why: string) => void
}

/** The functions of a worker that `start` makes, when it is first asked something. */
export const remote = <F>(start: () => Worker): Remote<F> => {
  const pending = new Map<number, Pending>()
  let worker: Worker | undefined
  let last = 0
  const end = (why: string): void => {
    worker?.terminate()
    worker = undefined
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer)
      reject(new EndedError(why))
    }
    pending.clear()
  }
  const begun = (): Worker => {
    if (worker !== undefined) return worker
    worker = start()
    worker.onerror = ({ message }) => end(`the worker failed: ${message}`)
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const call = pending.get(data.id)
      if (call === undefined) return
      if ('news' in data) return call.onNews?.(data.news)
      clearTimeout(call.timer)
      pending.delete(data.id)
      if ('failed' in data) call.reject(new Error(data.failed))
      else call.resolve(data.result)
    }
    return worker
  }
  const ask = (name: string, args: readonly unknown[], { within, onNews }: CallOptions = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last
      const late = `stopped after ${(within ?? 0) / 1000} seconds without an answer`
      const timer = within === undefined ? undefined : setTimeout(() => end(late), within)
      pending.set(id, { resolve, reject, onNews, timer })
      const question: Question = { id, name, args }
      begun().postMessage(question)
    })
  // The answer of a function has the function's type: both sides are compiled from one.
  return { ask: ask as Remote<F>['ask'], end }
}
