/** A training run: its loss, its options, and the command that started it. */
import type { AnyLoss } from '../../halos/index.ts'
import type { TrainingExample } from '../../models/index.ts'
import type { SettingText } from '../inputs/settings.ts'
import type { TrainingCommandOptions } from '../inputs/training-options.ts'
import type { RunData } from './data.ts'

/** Of one command. */
export interface Task {
  /** The command, as the user types it: 'align', 'train sft'. */
  readonly command: string
  /** Every option in effect: it identifies the run, and is saved with it. */
  readonly settings: readonly SettingText[]
  readonly loss: AnyLoss
  readonly options: TrainingCommandOptions
  /** The default learning rate for all weights of a small model. */
  readonly rate: number
  /** What to train on, where it is not read from `options.data`. */
  readonly data?: RunData
  /** Sees the training examples before anything is computed. */
  readonly inspect?: (examples: readonly TrainingExample[]) => void
}
