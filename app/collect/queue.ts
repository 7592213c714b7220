/** Requests are served one at a time, in order of arrival; those that find the queue full, or are cancelled while they wait, are refused. */
import { ApiError } from './api-error.ts'

export type Queue = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>

/** @param most how much may wait, what is being done included */
export const queue = (most: number): Queue => {
  let length = 0
  let before: Promise<unknown> = Promise.resolve()
  return async (work, signal) => {
    if (length >= most) throw new ApiError(429, 'queue_full', `${length} requests are waiting already: try again later`)
    length++
    const mine = before.then(() => {
      if (signal.aborted) throw new ApiError(408, 'timeout', 'the request waited too long, and was not begun')
      return work()
    })
    before = mine.catch(() => undefined)
    return mine.finally(() => {
      length--
    })
  }
}
