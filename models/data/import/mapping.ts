/**
 * What a preset declares: where a tool's records hold what a row of training data says. Everything else about importing follows from it.
 *
 *     row = {prompt, completion, label} = {prompt(record), completion(record), verdict(record) ∈ good}
 *
 * A record may say all of that at once; or the text only, or the verdict only, joined by an id (`about` of the verdict is `id` of the text). A text may
 * be one message, or one exchange, of a longer conversation: of a tree (`parent`) or of a thread (`thread`); what was said before it is its prompt.
 */
import type { Json } from '../../io/fields.ts'
import type { Flaw } from '../../io/records.ts'
import type { VerdictWords } from './values.ts'

/** A path in a record; several, of which the first that leads somewhere counts; or what computes a value from the record. */
export type Field = string | readonly string[] | ((record: Json) => unknown)

export interface Mapping {
  /** Paths that every record of this kind has, and records of other kinds have not. A path of several alternatives: 'a | b'. */
  readonly keys: readonly string[]
  /** The records in an element of the file, where they are not the elements themselves: 'messages[*]'. */
  readonly records?: string

  // What a row says.
  /** A whole conversation, whose last turn is the completion. */
  readonly messages?: Field
  readonly prompt?: Field
  readonly completion?: Field
  readonly chosen?: Field
  readonly rejected?: Field
  readonly text?: Field
  readonly system?: Field
  readonly tools?: Field
  readonly weight?: Field
  readonly verdict?: Field
  /** Values of the verdict. Default: the common ways to say it. */
  readonly good?: VerdictWords
  readonly bad?: VerdictWords
  /** A better answer that somebody wrote: it is preferred to the completion. */
  readonly correction?: Field
  /** Answers that were compared with the completion, in an arena: worse than a good one, better than a bad one. */
  readonly rivals?: Field
  /** What rows may be chosen by, with its name: model, time, tags, comment. */
  readonly columns?: Readonly<Record<string, Field>>

  /** Prompts that are texts stay texts: elsewhere they are the user's turn. */
  readonly plain?: true
  /** TRL's `chat_template_kwargs`. */
  readonly options?: Field
  /** What is wrong with a record beyond its fields. */
  readonly check?: (record: Json) => readonly Flaw[]
  /** Why records of this kind are understood and yet no training data. */
  readonly refused?: string

  // How records belong together.
  readonly id?: Field
  /** The id of the text that the verdict of this record is about. */
  readonly about?: Field
  /** The id of the message before this one. */
  readonly parent?: Field
  /** The conversation that this message belongs to: those before it in the file, or by `time`, are its prompt. */
  readonly thread?: Field
  readonly time?: Field
  /** Who speaks in a record that is one message, and what they say. */
  readonly role?: Field
  readonly content?: Field
}

/** How a shape writes turns, which the reader takes in any form. */
export interface TurnForm {
  /** The names of the two fields of a turn. */
  readonly role: string
  readonly content: string
  /** What the shape calls roles, where it is not as halograd does. */
  readonly names: Readonly<Record<string, string>>
  /** Of two answers each is one turn, or a list of turns. */
  readonly answers: 'turn' | 'turns'
  /** The system prompt is a column, not a turn. */
  readonly systemApart?: true
  /** Calls are turns of their own (ShareGPT's function_call), or have their arguments as JSON (OpenAI). Default: as templates expect them. */
  readonly calls?: 'turns' | 'json'
  /** Tools are a JSON text. */
  readonly toolsAsText?: true
}

export interface Preset {
  /** What it is, as a person would call it. */
  readonly title: string
  /** Where the shape is documented. */
  readonly source: string
  /** One for each kind of record. */
  readonly mappings: readonly Mapping[]
  /** Every record is a row: any command reads such a file as it is, without an import. */
  readonly direct?: true
  /** Shapes that another preset has, too, are this one's. */
  readonly original?: true
  /** How `data convert --to` writes turns, for shapes that can be written: those whose fields are paths of names. */
  readonly form?: TurnForm
}
