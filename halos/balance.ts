/**
 * The weights of an imbalanced data set (KTO paper, §4.3): λ_D n_D : λ_U n_U should lie between 1 : 1 and 4 : 3.
 */

/** A warning that names both counts and a remedy, or undefined where the weights balance the labels. */
export const imbalance = (
  { desirable, undesirable }: { readonly desirable: number; readonly undesirable: number },
  weights = { desirable: 1, undesirable: 1 },
): string | undefined => {
  const [up, down] = [weights.desirable * desirable, weights.undesirable * undesirable]
  if (3 * up <= 4 * down && up >= down) return undefined
  const counts = `${desirable} desirable (weight ${weights.desirable}) and ${undesirable} undesirable (weight ${weights.undesirable}) completions`
  if (desirable === 0 || undesirable === 0) return `${counts}: one side is empty, so nothing is compared; add examples of the other label`
  const remedy =
    up < down
      ? `a desirable weight between ${round(down / desirable)} and ${round((4 * down) / 3 / desirable)}`
      : `an undesirable weight between ${round((3 * up) / 4 / undesirable)} and ${round(up / undesirable)}`
  return `${counts} are ${round(up / down)} : 1; between 1 : 1 and 4 : 3 is advised, for instance with ${remedy}`
}
const round = (x: number): number => Number(x.toPrecision(3))
