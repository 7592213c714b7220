/** The weights of an imbalanced data set: λ_D n_D : λ_U n_U between 1 : 1 and 4 : 3. */
import fc from 'fast-check'
import { imbalance } from '../../app/inputs/examples.ts'
import { type Balance, weigh } from '../../models/index.ts'
import { theorem } from '../theorem.ts'

const count = fc.integer({ min: 1, max: 1000 })
const weight = fc.double({ min: 0.1, max: 10, noNaN: true })
const near = (ratio: number): boolean => ratio > 1 - 1e-9 && ratio < 4 / 3 + 1e-9

/** Whether the ratio breaks the rule, a warning names both counts, and the weights that are advised meet it. */
const rule = (advised: (counts: Balance, weights: Balance) => Balance) =>
  fc.property(count, count, weight, weight, (desirable, undesirable, up, down) => {
    const [counts, weights] = [
      { desirable, undesirable },
      { desirable: up, undesirable: down },
    ]
    const ratio = (by: Balance): number => (by.desirable * desirable) / (by.undesirable * undesirable)
    const warning = imbalance(counts, weights)
    if (warning === undefined) return near(ratio(weights))
    const named = warning.includes(`${desirable} desirable`) && warning.includes(`${undesirable} undesirable`)
    return named && near(ratio(advised(counts, weights)))
  })

export default [
  theorem('The λ rule', {
    statement: 'where λ_D n_D : λ_U n_U is not between 1 : 1 and 4 : 3, a warning names both counts, and weights that meet it',
    source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, §4.2',
    holds: rule((counts, weights) => weigh(counts, weights).better ?? weights),
    controls: [{ of: 'the weights as they were', breaks: rule((_, weights) => weights) }],
  }),
]
