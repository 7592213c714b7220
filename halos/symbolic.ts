/** Evidence without numbers: every log-probability is a leaf, named after what it is. What a loss makes of it can be looked at. */
import type { Tensor } from '../core/index.ts'
import { input } from '../core/internal.ts'
import { type Completion, collect, columns, columnsOf, type Everything, type Needs, roles, rolesOf } from './evidence.ts'
import type { AnyLoss, Outcome, Statistic } from './loss.ts'

const leaf = (name: string, examples: number): Tensor<'example'> => input(name, { example: examples }) as Tensor<'example'> // a leaf of that shape

/** All the evidence there can be, of so many examples. */
export const symbolic = (examples: number): Everything => {
  const completion = (role: string): Completion => ({
    policy: leaf(`${role}.policy`, examples),
    reference: leaf(`${role}.reference`, examples),
    length: leaf(`${role}.length`, examples),
  })
  return { ...collect(roles, completion), ...collect(columns, (column) => leaf(column, examples)) } as Everything // all roles and columns
}

/** What `needs` names of the evidence, and nothing else. */
export const only = (needs: Needs, all: Everything): Everything => {
  const part = ({ policy, reference, length }: Completion): Completion =>
    ({ policy, ...(needs.reference && { reference }), ...(needs.length && { length }) }) as Completion
  return {
    ...collect(rolesOf(needs), (role) => part(all[role])),
    ...collect(columnsOf(needs), (column) => all[column]),
  } as Everything // less than everything: that is the point
}

/** The statistic of some other batch: leaves, too. */
export const pooled: Statistic = { sum: input('pooled.sum', {}) as Tensor, count: input('pooled.count', {}) as Tensor } // scalars have no axes

/** What the loss makes of so many examples. The reference point is held fixed, where it is a statistic of the batch. */
export const traced = (loss: AnyLoss, examples: number): Outcome =>
  loss.evaluate(only(loss.needs, symbolic(examples)), loss.statistic === undefined ? undefined : pooled)
