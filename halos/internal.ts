/** What the other folders of halograd need of halos beyond its public surface. Nothing here is stable, and the package does not export it. */
export { type Case, type CaseResult, type Column, evaluateCase, evidenceOf, inputsOf } from './cases.ts'
export {
  collect,
  columns,
  columnsOf,
  type DataColumn,
  dataColumns,
  dataFields,
  type EvidenceColumn,
  type EvidenceRole,
  evidenceFields,
  roles,
  rolesOf,
  supply,
} from './evidence.ts'
export { divided, totalsOf } from './loss.ts'
export { runProgram, type ScalarProgram, showProgram } from './program.ts'
export { type Claim, concave, type Decision, decide, decideSubject, nonDecreasing, type ProofSubject, subjectOf } from './prove.ts'
export type { TokenRatios } from './reading.ts'
export { refusedLosses } from './refused.ts'
export { refutation, type Witness, witness } from './refute.ts'
export { traced } from './symbolic.ts'
export { valid } from './validation.ts'
export { makeValue } from './value.ts'
export { rulingOf, tableOfVerdicts } from './verdicts.ts'
export { softmax, type World, worldOf } from './world.ts'
