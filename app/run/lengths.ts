/** Examples that a model cannot take as they are: too long ones are cut, left out or refused, those without a completion are refused; warnings say so. */
import { DataError, type InputFinding, type TrainingExample, type Truncation } from '../../models/index.ts'
import { isLearnable, throwAll } from '../../models/internal.ts'
import { cutTo, fits, textsIn } from '../inputs/examples.ts'

/** @throws DataError naming every example that is refused */
export const within = (
  say: (line: string) => void,
  examples: readonly TrainingExample[],
  longest: number,
  truncate: Truncation,
  file: string,
): readonly TrainingExample[] => {
  refuse(
    examples.filter((example) => textsIn(example).some((text) => !isLearnable(text))),
    () => ({
      expected: 'a completion of at least one token',
      found: 'none',
      advice: 'Remove the line: the tokenizer makes nothing of it that could be learned.',
    }),
  )
  const long = examples.filter((example) => !fits(example, longest))
  if (long.length === 0) return examples
  if (truncate === 'refuse') refuse(long, (example) => tooLong(example, longest))
  const said = `warning: ${long.length} of ${examples.length} examples are longer than ${longest} tokens (first: ${long[0]?.origin})`
  if (truncate === 'drop' || truncate === 'refuse') {
    say(`${said}: they are left out`)
    const others = examples.filter((example) => fits(example, longest))
    if (others.length > 0) return others
    throw new DataError({ file, expected: `examples of at most ${longest} tokens`, found: 'none', advice: 'Let --truncate cut them.' })
  }
  const cut = new Map(long.map((example) => [example, cutTo(example, longest, truncate)]))
  const shorter = (part: 'prompt' | 'completion'): number =>
    long.filter((example) => textsIn(cut.get(example)!).some((text, i) => text[part].length < textsIn(example)[i]![part].length)).length
  say(`${said}: ${shorter('prompt')} lose the beginning of the prompt, ${shorter('completion')} the end of the completion (see --truncate)`)
  return examples.map((example) => cut.get(example) ?? example)
}

const refuse = (examples: readonly TrainingExample[], flaw: (example: TrainingExample) => InputFinding): void =>
  throwAll(
    DataError,
    examples.map((example) => ({ ...(example.origin === undefined ? {} : { file: example.origin }), ...flaw(example) })),
  )

const tooLong = (example: TrainingExample, longest: number): InputFinding => ({
  expected: `at most ${longest} tokens`,
  found: `${Math.max(...textsIn(example).map(({ prompt, completion }) => prompt.length + completion.length))}`,
  advice: 'Shorten it, or let --truncate cut it or drop it.',
})
