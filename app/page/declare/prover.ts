/** The worker that draws and proves: a hostile declaration can only stop this worker, not the page. */
import { answerCalls } from '../rpc.ts'
import { names, parts, prove, sketch, table } from './judgement.ts'

const functions = (tell: (news: unknown) => void) => ({ sketch, prove, names, parts, table: () => table(tell) })
export type Prover = ReturnType<typeof functions>

answerCalls(functions)
