/**
 * halograd/models, for a page: models, data and training without a file system. `useFiles` names what to read model directories from.
 *
 * @packageDocumentation
 */

// Models: a configuration, its parameters, and what they compute
export { formatConfig, parseConfig } from './nets/config-json.ts'
export type { Activation, ModelConfig, RopeScaling, Rotation } from './nets/config.ts'
export type { Parameters } from './nets/layout.ts'
export { initialize } from './nets/parameters.ts'
export type { Sequences } from './nets/sequences.ts'
export type { Trainable } from './nets/trainable.ts'
export { type Output, type Transformer, transformer } from './nets/transformer.ts'

// Checkpoints
export { type ModelFileOptions, modelFiles } from './checkpoints/export.ts'
export { ggufFile, type GgufOptions } from './checkpoints/llamacpp.ts'
export { type LoadedModel, loadModel } from './checkpoints/model-directory.ts'
export type { DType } from './io/dtypes.ts'
export { formatSafetensors, parseSafetensors, type StoredTensor } from './io/safetensors.ts'
export { readWeights, weightFiles, type Weights } from './io/weights.ts'
export { fromWeights, toWeights } from './nets/parameters.ts'

// Low-rank adapters, frozen weights, heads
export { adapterFiles, readAdapters } from './checkpoints/adapters.ts'
export { adapted, type Adapters, initializeAdapters, type LoraOptions, merge, usualTargets } from './nets/lora.ts'
export { type FrozenFormat, keepFrozen } from './nets/narrow-weights.ts'

// Text: tokenizers and conversations
export { type BytePairOptions, type BytePairs, trainBytePairs } from './text/bpe.ts'
export { type Chat, chatOf } from './text/chat.ts'
export type { Role, Turn } from './text/conversation.ts'
export { type EncodeOptions, loadTokenizer, streamDecoder, type Tokenizer, tokenizerOf } from './text/tokenizer.ts'
export { tokenizerConfig, tokenizerJson } from './text/vocabulary.ts'

// Data: examples and how rows become them
export { type Balance, weigh } from './data/balance.ts'
export type { TrainingExample } from './data/example.ts'
export {
  asDemonstrations,
  asLabelled,
  asPairs,
  type Demonstration,
  type Labelled,
  labelledToPairs,
  type Paired,
  pairsToLabelled,
  type Row,
} from './data/rows.ts'
export { shuffle } from './data/shuffle.ts'
export { type Example, fit, fitTogether, type Truncation } from './data/truncate.ts'

// Training
export { fromSnapshot, toSnapshot } from './checkpoints/snapshot.ts'
export { type DataLoader, dataLoader, type DataLoaderOptions, type MicroBatch } from './training/data-loader.ts'
export type { Metrics } from './training/metrics.ts'
export type { TrainingBatch } from './training/objective.ts'
export { begin, type StepState, trainStep } from './training/step.ts'
export { type ReferenceSync, type StepReport, train, type TrainingOptions } from './training/train.ts'
export { TrainingError } from './training/training-error.ts'

// Optimizers and schedules
export { adafactor, type AdafactorOptions } from './training/adafactor.ts'
export { sgd, type SgdOptions } from './training/sgd.ts'
export { adamW, type AdamWOptions, type Optimizer, plainAdamW, type PlainAdamWOptions, type TrainingState } from './training/optimizer.ts'
export { constantRate, constantWithWarmup, cosine, linear, type Schedule, type ScheduleOptions } from './training/schedule.ts'

// Generation
export { type Generate, type Generated, type GenerateOptions, generator } from './generation/generate.ts'
export type { SamplingOptions } from './generation/sample.ts'

// Files: an adapter that a page supplies
export { type Bytes, type Files, filesIn, useFiles } from './io/source.ts'

// Errors: bad input names file, line and field
export {
  BatchError,
  CheckpointError,
  ConfigError,
  DataError,
  FileError,
  type InputFinding,
  InputError,
  TokenizerError,
} from './io/errors.ts'
