/**
 * halograd/halos: human-aware losses. Read `halo.ts` first (what a HALO is), then `loss.ts` (what a trainer sees of it); `losses/` holds the
 * catalogue, one file a loss.
 *
 * @packageDocumentation
 */

// Declaring a loss: value(reward − reference), label by label
export { affine, always, byLabel, complement, type ByJudgement, negation } from './affine.ts'
export { type Declaration, foreign, type Halo, halo, type Parts, vary } from './halo.ts'

// Rewards: what a policy is rewarded for
export {
  alphaDivergence,
  alphaMap,
  chiSquared,
  forwardKL,
  inversePerplexity,
  jensenShannon,
  logOdds,
  logProbability,
  logProbabilityPerToken,
  logRatio,
  logRatioPerToken,
  ratio,
  ratioPerToken,
  type Reward,
  rewardOf,
  scalarReward,
} from './reward.ts'

// References: what a reward is compared with
export {
  anchor,
  batch,
  expectation,
  opposite,
  policy,
  rankMatched,
  type Reference,
  rejected,
  running,
  sampler,
  statistic,
} from './reference.ts'

// Values: how a difference is felt
export { type Piece, piecewise } from './piecewise.ts'
export {
  clipped,
  clippedBelow,
  exponential,
  hinge,
  linear,
  logistic,
  logLogistic,
  prospect,
  robust,
  truncatedSquare,
  type ValueFunction,
  value,
} from './value.ts'

// New losses of old ones
export { advance, margin, plus, post, scale, shift, stretch, weighted } from './algebra.ts'
export { type Ingredient, mixture } from './mixture.ts'
export { perceived } from './perceived.ts'
export type { Roles, TokenRatios, TokenReading } from './reading.ts'
export { humanline, humanlineReading, ofTokens, perToken } from './tokens.ts'
export { contramap, ofDesirable, ofPairs, seenByPairs, type LossView, withMargin } from './view.ts'

// Losses that are stated as formulas
export { formula, pairwise, type Stated } from './stated.ts'

// The catalogue
export { catalogue } from './catalogue.ts'
export { find } from './describe.ts'
export { type LossFamily, family, type Settings } from './family.ts'
export { dpo } from './losses/dpo.ts'
export { kto } from './losses/kto.ts'
export { sft } from './losses/sft.ts'
export { noLosses, upstream } from './upstream.ts'

// What a trainer sees of a loss
export {
  type Completion,
  type Everything,
  type Evidence,
  EvidenceError,
  type EvidenceOf,
  type EvidenceKind,
  type Label,
  type Needs,
  needing,
} from './evidence.ts'
export { type AnyLoss, type Loss, lossOf, meanOf, type Outcome, pool, type Statistic, type Term } from './loss.ts'

// Verdicts: is it a HALO?
export { type Certificate, certificate } from './certificate.ts'
export { type Profile, profile } from './profile.ts'
export { isHalo, isStated, isView } from './kinds.ts'
export { type SettingRange, settingRanges, showRanges } from './ranges.ts'
export { type VerifyReport, type HaloVerdict, verify } from './verify.ts'

// Descriptions: words, formulas, curves, PyTorch
export { type Curve, type Series, series } from './curves.ts'
export { cite, describe, learnsFrom } from './describe.ts'
export { toLatex } from './latex.ts'
export { type TorchFunctions, torchFunctions } from './torch/functions.ts'
export { TorchError } from './torch/torch-error.ts'

// Sources
export { paper, type TextSource, unpublished } from './source.ts'

// Validation: a declaration is Either errors or a loss
export { type Checked, checked, DeclarationError, explain, getOrThrow, type ValidationError, type ValidationErrors } from './validation.ts'

// Prospect theory: gambles and how people value them
export {
  certaintyEquivalent,
  decisionWeights,
  type Human,
  median,
  type Prospect,
  prospectValue,
  rational,
  subjectiveValue,
  weight,
} from './prospect.ts'
