/** Evidence that a loss needs and a batch lacks: refused by the type checker where the loss is known, by a typed error where it is not. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Tensor } from '../../core/index.ts'
import { type AnyLoss, type Completion, dpo, EvidenceError, getOrThrow, kto, type Outcome, sft } from '../../halos/index.ts'
import { columns, columnsOf, evidenceFields, evidenceOf, inputsOf, needing, supply } from '../../halos/internal.ts'
import { only, symbolic } from '../../halos/symbolic.ts'
import { column, completion } from './numbers.ts'

const y: Completion = completion(column(-1, -2), [-1, -2])
const label = column(1, -1)

/** Compiled, never run. */
export const refused: readonly (() => Outcome)[] = [
  () => getOrThrow(kto()).evaluate({ outcome: y, label, unrelated: y }),
  () => getOrThrow(dpo()).evaluate({ chosen: y, rejected: y }),
  () => getOrThrow(sft()).evaluate({ outcome: y }),
  // @ts-expect-error DPO without the rejected completion
  () => getOrThrow(dpo()).evaluate({ chosen: y }),
  // @ts-expect-error KTO without labels
  () => getOrThrow(kto()).evaluate({ outcome: y, unrelated: y }),
  // @ts-expect-error KTO without unrelated completions
  () => getOrThrow(kto()).evaluate({ outcome: y, label }),
  // @ts-expect-error KTO of pairs: see `contramap`
  () => getOrThrow(kto()).evaluate({ chosen: y, rejected: y }),
  // @ts-expect-error DPO without the reference model
  () => getOrThrow(dpo()).evaluate({ chosen: { policy: column(-1) }, rejected: { policy: column(-1) } }),
  // @ts-expect-error log-probabilities that were not summed over tokens
  () => getOrThrow(sft()).evaluate({ outcome: { ...y, policy: {} as Tensor<'example' | 'token'> } }),
]

test('what a loss needs follows from what it declares', () => {
  const needs = (loss: AnyLoss): string =>
    Object.entries(loss.needs)
      .flatMap(([name, needed]) => (needed ? name : []))
      .join(' ')
  assert.equal(needs(getOrThrow(kto())), 'outcome label unrelated reference')
  assert.equal(needs(getOrThrow(dpo())), 'pair reference')
  assert.equal(needs(getOrThrow(sft())), 'outcome length')
})

test('a batch put together at run time is refused with everything that is missing', () => {
  assert.throws(
    () => supply(getOrThrow(kto()), { outcome: { policy: y.policy } }),
    (e: Error) => {
      assert.ok(e instanceof EvidenceError)
      assert.equal(e.message, 'KTO needs outcome.reference, unrelated.policy, unrelated.reference, label, which the batch does not have')
      return true
    },
  )
  assert.doesNotThrow(() => supply(getOrThrow(dpo()), { chosen: y, rejected: y }))
  const loss = getOrThrow(kto())
  const known = { outcome: y, label }
  assert.throws(() => supply(loss, known), EvidenceError)
  assert.doesNotThrow(() => supply(loss, known, { sum: label, count: label }), 'what is pooled is not asked for')
})

test('every column of the table is a need, is asked for by its name, and is supplied by its name', () => {
  const pair = { chosen: y, rejected: y, outcome: y, unrelated: y }
  for (const name of columns) {
    const loss = { name: 'own', needs: needing(name) }
    assert.deepEqual(columnsOf(loss.needs), [name])
    assert.throws(() => supply(loss, pair), new RegExp(`^EvidenceError: own needs ${name}, which`))
    assert.equal(supply(loss, { ...pair, [name]: label })[name], label)
    assert.equal(only(loss.needs, symbolic(2))[name]?.op.tag, 'input')
    assert.deepEqual(Object.keys(evidenceOf(inputsOf({ [evidenceFields[name].input]: [1, -1] }))), [name])
    for (const other of columns.filter((each) => each !== name))
      assert.throws(() => supply(loss, { ...pair, [other]: label }), EvidenceError)
  }
})
