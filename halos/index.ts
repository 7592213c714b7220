/**
 * halograd/halos: human-aware losses. Start with `halo.ts` (what a HALO is) and `loss.ts` (what a trainer sees of it);
 * `losses/` holds the catalogue, a file a loss.
 */
export * from './affine.ts'
export * from './algebra.ts'
export * from './cases.ts'
export * from './catalogue.ts'
export * from './certificate.ts'
export * from './conditions.ts'
export * from './curves.ts'
export * from './describe.ts'
export {
  type Completion,
  type Everything,
  type Evidence,
  type EvidenceColumn,
  EvidenceError,
  type EvidenceOf,
  type Incomplete,
  type Kind,
  type Label,
  type Needs,
  needing,
  type Part,
  type Role,
  supply,
} from './evidence.ts'
export * from './family.ts'
export * from './halo.ts'
export * from './instances.ts'
export * from './latex.ts'
export * from './loss.ts'
export * from './losses/dpo.ts'
export * from './losses/kto.ts'
export * from './losses/sft.ts'
export * from './mixture.ts'
export * from './profile.ts'
export * from './program.ts'
export * from './prospect.ts'
export * from './prove.ts'
export * from './reference.ts'
export * from './refute.ts'
export * from './reward.ts'
export * from './source.ts'
export * from './stated.ts'
export * from './tokens.ts'
export * from './torch/functions.ts'
export { TorchError } from './torch/torch-error.ts'
export * from './upstream.ts'
export * from './validation.ts'
export * from './value.ts'
export * from './verdicts.ts'
export * from './verify.ts'
export * from './view.ts'
export * from './world.ts'
