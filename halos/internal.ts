/** What training needs of the loss contract: evidence, losses and their statistics, without the catalogue and the prover. For siblings; not public. */
export {
  type Completion,
  collect,
  columns,
  columnsOf,
  type DataColumn,
  dataColumns,
  type EvidenceColumn,
  type Everything,
  evidenceFields,
  type Role,
  roles,
  rolesOf,
  supply,
} from './evidence.ts'
export { type AnyLoss, divided, type Outcome, pool, type Statistic, totalsOf } from './loss.ts'
export { traced } from './symbolic.ts'
