/** The weights of an imbalanced data set. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { imbalance } from '../../halos/index.ts'

test('λ_D n_D : λ_U n_U between 1 : 1 and 4 : 3 passes; anything else is a warning that names both counts', () => {
  assert.equal(imbalance({ desirable: 100, undesirable: 100 }), undefined)
  assert.equal(imbalance({ desirable: 400, undesirable: 300 }), undefined)
  assert.equal(imbalance({ desirable: 100, undesirable: 400 }, { desirable: 4, undesirable: 1 }), undefined)
  assert.equal(
    imbalance({ desirable: 395, undesirable: 27 }),
    '395 desirable (weight 1) and 27 undesirable (weight 1) completions are 14.6 : 1; between 1 : 1 and 4 : 3 is advised, for instance with an undesirable weight between 11 and 14.6',
  )
  assert.match(imbalance({ desirable: 10, undesirable: 11 })!, /a desirable weight between 1.1 and 1.47/)
  assert.match(imbalance({ desirable: 10, undesirable: 0 })!, /one side is empty/)
})
