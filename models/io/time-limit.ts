/**
 * Synchronous work whose length a file decides, such as a regular expression that backtracks: it is ended when its time is over.
 *
 *     limited(2000, () => pattern.exec(text))        the value, or TimeoutError after two seconds
 *
 * Node can end it (`time-limit-node.ts`); a page cannot, and lets it run: it has the browser's own limit on scripts.
 */

/** The work was ended before it was done. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** @throws TimeoutError; whatever `work` throws */
export type TimeLimit = <T>(milliseconds: number, work: () => T) => T

let current: TimeLimit = (_, work) => work()

export const useTimeLimit = (limit: TimeLimit): void => {
  current = limit
}

export const limited: TimeLimit = (milliseconds, work) => current(milliseconds, work)
