/** The worker that draws and proves: a hostile declaration can only stop this worker, not the page. */
import { answerCalls } from '../rpc.ts'
import { names, parts, prove, sketch, table } from './judgement.ts'

const functions = { sketch, prove, names, table, parts }
export type Prover = typeof functions

answerCalls(() => functions)
