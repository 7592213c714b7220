/**
 * What a run trains: a model over parameters of some type P, and where they begin. All weights of a model, a policy with a value head, or a reward
 * model; adapters beside a frozen base are a subject, too, and a case in `subjectOf`. Nothing else in this folder knows what P is.
 */
import type { Backend, Tree } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import {
  beginReward,
  type Headed,
  initializeHead,
  type Parameters,
  type RewardParameters,
  rewardFiles,
  rewardModel,
  type Trainable,
  type Transformer,
  type ValueHead,
  valueHead,
  valuing,
} from '../../models/index.ts'
import { type Checkpoint, type Files, modelDirectory, tokenizerFiles } from '../checkpoint.ts'

export interface Subject<P> {
  readonly model: Trainable<P>
  /** Where training begins. With these parameters the policy is the reference model. */
  readonly parameters: P
  /** What of the trained model is saved: files by name; those given as `undefined` must not be there. */
  readonly files: (backend: Backend, trained: P) => Promise<Files>
}

/** What decides what is trained. */
export interface Choice {
  readonly checkpoint: Checkpoint
  readonly loss: AnyLoss
  readonly backend: Backend
  /** Of what begins at random. */
  readonly seed: number
}

/** Goes on with the subject that was chosen, whatever the type of its parameters. */
export const subjectOf = async <R>(
  { checkpoint, loss, seed }: Choice,
  goOn: <P extends Tree<P>>(subject: Subject<P>) => Promise<R>,
): Promise<R> => {
  const whole = allWeights(checkpoint)
  if (loss.needs.reward) return goOn(rewards(checkpoint, seed))
  return loss.needs.value ? goOn(withCritic(whole, seed)) : goOn(whole)
}

const allWeights = ({ model, ...rest }: Checkpoint) => ({
  model,
  parameters: rest.parameters,
  files: (backend: Backend, trained: Parameters) => modelDirectory(backend, { ...rest, config: model.config, parameters: trained }),
})

/** The value head has done its work when training ends: the policy is saved. */
const withCritic = <P>(
  { model, parameters, files }: Subject<P> & { readonly model: Transformer<P> },
  seed: number,
): Subject<Headed<P, ValueHead>> => ({
  model: valuing(model),
  parameters: { policy: parameters, head: initializeHead(model.config, valueHead, seed) },
  files: (backend, { policy }) => files(backend, policy),
})

/** The language model learns to read for a reward head; what it would say next is forgotten. */
const rewards = ({ model: { config }, parameters, tokenizer }: Checkpoint, seed: number): Subject<RewardParameters> => ({
  model: rewardModel(config),
  parameters: beginReward(config, parameters, seed),
  files: async (backend, trained) => ({ ...(await rewardFiles(backend, config, trained)), ...tokenizerFiles(tokenizer) }),
})
