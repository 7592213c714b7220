/**
 * Synchronous work whose length a file decides, such as a regular expression that backtracks: it is ended when its time is over.
 *
 *     limited(2000, () => pattern.exec(text))        the value, or TimeoutError after two seconds
 *
 * Node's `vm` ends it from a thread of its own, even inside one call of a regular expression. A call costs about 0.2 ms.
 */
import { createContext, Script } from 'node:vm'

/** The work was ended before it was done. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

const shared: { work?: () => void } = {}
const context = createContext(shared)
const call = new Script('work()')

/** @throws TimeoutError; whatever `work` throws */
export const limited = <T>(milliseconds: number, work: () => T): T => {
  let result: readonly [T] | undefined
  shared.work = () => {
    result = [work()]
  }
  try {
    call.runInContext(context, { timeout: milliseconds })
  } catch (error) {
    // The error is made in the other context: it is no instance of the Error of this one.
    const { code } = Object(error)
    if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new TimeoutError(`no result within ${milliseconds / 1000} s`)
  }
  if (result === undefined) throw new TimeoutError('the work was not done')
  return result[0]
}
