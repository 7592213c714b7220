/** The prompt of a conversation that is longer than a model takes: without its first turns, as training reads it, but for the system prompt. */
import type { Turn } from '../../models/index.ts'
import type { Prompt, Responder } from '../inference/responder.ts'

/** Room for an answer: a share of the context that a prompt leaves. */
const room = 1 / 8

/** @returns how many turns were left out; what does not fit even so is returned as short as can be */
export const within = (
  { context, promptOf }: Pick<Responder, 'context' | 'promptOf'>,
  turns: readonly Turn[],
): { readonly prompt: Prompt; readonly left: number } => {
  const system = turns.slice(0, turns[0]?.role === 'system' ? 1 : 0)
  const starts = turns.flatMap(({ role }, i) => (role === 'user' && i > system.length ? [i] : []))
  for (const start of [system.length, ...starts]) {
    const prompt = promptOf([...system, ...turns.slice(start)])
    if (prompt.tokens.length <= context * (1 - room) || start === (starts.at(-1) ?? system.length))
      return { prompt, left: start - system.length }
  }
  return { prompt: promptOf(turns), left: 0 }
}
