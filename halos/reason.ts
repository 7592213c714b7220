/** Why a loss or a body could not be evaluated, in words. A primitive that does not exist is the author's slip, not a finding: it is thrown on. */
import { UnknownPrimitiveError } from '../core/index.ts'

/** The message of what was thrown. @throws UnknownPrimitiveError where it is one */
export const reasonOf = (error: unknown): string => {
  if (error instanceof UnknownPrimitiveError) throw error
  return error instanceof Error ? error.message : String(error)
}
