/** A HALO of one's own: declared in ten lines, refuted with a witness, mended, proved. */
import type { Unary } from 'halograd/core'
import { always, describe, getOrThrow, halo, logRatio, negation, policy, value, verify } from 'halograd/halos'

/** People notice what is clearly better than expected: σ with a margin m. */
const bold = (name: string, body: Unary) =>
  getOrThrow(
    halo({
      name,
      reward: logRatio(0.1), //   r = β log π_θ(y|x) / π_ref(y|x)
      reference: policy(), //     Q = (the data, π_θ), held constant, never below 0
      value: value(name, body), // v, in the scalar language
      t: always(negation), //     t = −v, for desirable and undesirable alike
    }),
  )

// σ(z − 1) is convex until z = 1, and a value function must be concave on gains.
console.log(describe(verify(bold('σ(z − 1)', (S) => (z) => S.sigmoid(S.sub(z, S.of(1)))))).join('\n'))
// σ(z + 1) is concave from z = −1 on.
console.log(describe(verify(bold('σ(z + 1)', (S) => (z) => S.sigmoid(S.add(z, S.of(1)))))).join('\n'))
