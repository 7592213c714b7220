/**
 * What a run trains: a model over parameters of some type P, and where they begin. Today all weights of a model; adapters beside a frozen base, or a
 * policy with a value head, are a subject each, and a case in `subjectOf`. Nothing else in this folder knows what P is.
 */
import type { Backend, Tree } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import type { Parameters, Trainable } from '../../models/index.ts'
import { type Checkpoint, type Files, modelDirectory } from '../checkpoint.ts'

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
}

/** Goes on with the subject that was chosen, whatever the type of its parameters. */
export const subjectOf = async <R>({ checkpoint }: Choice, goOn: <P extends Tree<P>>(subject: Subject<P>) => Promise<R>): Promise<R> =>
  goOn(allWeights(checkpoint))

const allWeights = ({ model, parameters, tokenizer }: Checkpoint): Subject<Parameters> => ({
  model,
  parameters,
  files: (backend, trained) => modelDirectory(backend, { config: model.config, parameters: trained, tokenizer }),
})
