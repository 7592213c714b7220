/**
 * A support chat: a model reads conversations of a small shop, some of whose answers are wrong, rude, evasive or rambling; customers press thumbs,
 * by a rule that reads the conversation and is not always obeyed; KTO makes the answers that they like the rule.
 *
 *     score = 2 [right] + [polite] + [short],   👍 where all three hold, but for one thumb in ten;   four customers in ten press none
 */
import { draw, stream } from '../../../core/internal.ts'
import { type Tokenizer, tokenizerOf, trainBytePairs } from '../../../models/index.ts'
import { words } from '../../inputs/texts.ts'
import { type GrammarChance, pick, write } from '../grammar.ts'
import {
  asking,
  closing,
  digression,
  evasive,
  greetings,
  items,
  opening,
  rude,
  rudeWords,
  type SupportTopic,
  topics,
} from '../support/topics.ts'
import type { DemoOpinion, DemoPrompt, DemoSample, DemoWorld } from '../world.ts'

interface SupportTurn {
  readonly customer: string
  readonly agent: string
}
const [customer, agent, end] = ['<|customer|>', '<|agent|>', '<|end|>'] as const
const template = `{% for m in messages %}{{ ('${agent}' if m.role == 'assistant' else '${customer}') + m.content }}{% if m.role == 'assistant' %}${end}{% endif %}{% endfor %}{% if add_generation_prompt %}${agent}{% endif %}`

// ------------------------------------------------------------------ conversations

/** How often the shop's people answer how: two in five answers are what customers want. */
const manners = ['good', 'good', 'good', 'good', 'wrong', 'wrong', 'rude', 'evasive', 'rambling', 'rambling'] as const

const answerTo = ({ right, wrong }: SupportTopic, slots: { readonly item: string }, chance: GrammarChance): string => {
  const say = (text: string): string => write(text, slots, chance)
  const [yes, no] = [say(pick(right, chance)), say(pick(wrong, chance))]
  switch (pick(manners, chance)) {
    case 'good':
      return say(`${opening}${yes}${closing}`)
    case 'wrong':
      return say(`${opening}${no}${closing}`)
    case 'rude':
      return say(`${pick(rude, chance)} ${chance() < 0.4 ? yes : pick(rude, chance)}`)
    case 'evasive':
      return say(evasive.join(' '))
    case 'rambling':
      return say(`${pick(digression, chance)} ${pick(digression, chance)} ${chance() < 0.7 ? yes : no} ${pick(digression, chance)}`)
  }
}

/** A conversation: a question, perhaps after a greeting. */
const conversation = (chance: GrammarChance, known: readonly SupportTopic[]): readonly SupportTurn[] => {
  const [topic, slots] = [pick(known, chance), { item: pick(items, chance) }]
  const question = { customer: write(`${asking}${pick(topic.asks, chance)}`, slots, chance), agent: answerTo(topic, slots, chance) }
  const greeting = pick(greetings, chance)
  const hello = { customer: write(greeting.customer, {}, chance), agent: write(greeting.agent, {}, chance) }
  return chance() < 0.25 ? [hello, question] : [question]
}
const textOf = (turns: readonly SupportTurn[]): string =>
  turns.map((turn) => `${customer}${turn.customer}${agent}${turn.agent}${end}`).join('')

/** Conversations, all different draws of one seed. */
export const conversations = (count: number, seed: number, known = topics): readonly (readonly SupportTurn[])[] => {
  const [key, at] = [stream(seed, 1962), { index: 0 }]
  return Array.from({ length: count }, () => conversation(() => draw(key, at.index++), known))
}

// ------------------------------------------------------------------ tokens

const learnTokenizer = (texts: readonly string[], vocabularySize: number): Tokenizer => {
  const { json, config } = trainBytePairs(texts.join('').replaceAll(/<\|\w+\|>/g, '\n'), {
    ...{ vocabularySize, specialTokens: [end, customer, agent], pattern: String.raw` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]|\s` },
  })
  return tokenizerOf(json, { ...config, chat_template: template })
}

/** Rows of conversations, one after another; each begins with one, and the last is cut. */
const packed = (texts: readonly (readonly number[])[], context: number) => {
  const rows: number[][] = [[]]
  for (const ids of texts) {
    rows.at(-1)!.push(...ids)
    if (rows.at(-1)!.length >= context) rows.push([])
  }
  return rows.slice(0, -1).map((row) => ({ outcome: { prompt: [], completion: row.slice(0, context) } }))
}

// ------------------------------------------------------------------ customers

const topicOf = (question: string): SupportTopic | undefined => topics.find(({ about }) => about.test(question))
/** Whether an answer has at most so many words. */
const most = 22

/** What a customer thinks of an answer to their question. */
export const judge = (prompt: string, answer: string): DemoOpinion => {
  const question = prompt.split(customer).at(-1)!.replace(agent, '')
  const meant = (text: string) => items.filter((item) => text.includes(item))
  const itself = meant(answer).every((item) => meant(question).length === 0 || question.includes(item))
  const right = itself && topicOf(question)?.fact.test(answer) === true
  const [polite, short] = [!rudeWords.test(answer), words(answer).length > 0 && words(answer).length <= most]
  const score = 2 * Number(right) + Number(polite) + Number(short)
  return { score, qualities: { right, polite, short, 'all three': score === 4 } }
}

const verdict = ({ qualities: { right, polite, short } }: DemoOpinion): string => {
  const flaws = [...(right ? [] : ['wrong']), ...(polite ? [] : ['rude']), ...(short ? [] : ['long'])]
  return flaws.length === 0 ? '✓' : `✗ ${flaws.join(', ')}`
}
const plain = (text: string): string => text.replaceAll(/<\|\w+\|>/g, ' ').trim()

export const world: DemoWorld = {
  story: {
    reading: 'conversations of a small shop: some answers are right, others wrong, rude, evasive or rambling',
    judging:
      'customers press thumbs (a rule that reads the conversation: right, polite and short; one thumb in ten is wrong, four in ten press none)',
    comparing: 'new questions',
  },
  recipes: {
    full: {
      vocabulary: 768,
      model: { context: 64, embed: 96, layers: 3, heads: 4 },
      pretraining: { steps: 1200, batch: 16, rate: 4e-3, warmup: 40 },
      continuation: 48,
      temperature: 1,
      judged: 2048,
      compared: 512,
      alignment: { epochs: 3, batch: 32, rate: 1e-4, beta: 0.1, balanced: true },
    },
    small: {
      vocabulary: 640,
      model: { context: 48, embed: 64, layers: 2, heads: 4 },
      pretraining: { steps: 400, batch: 16, rate: 8e-3, warmup: 25 },
      topics: 5,
      continuation: 40,
      temperature: 1,
      judged: 768,
      compared: 256,
      alignment: { epochs: 3, batch: 16, rate: 3e-4, beta: 0.1, balanced: true },
    },
  },
  material: ({ vocabulary, model: { context }, pretraining, topics: few, judged, compared }, seed) => {
    const known = topics.slice(0, few)
    const count = Math.min(12_000, 3 * pretraining.steps * pretraining.batch)
    const [read, unread] = [conversations(count, seed, known).map(textOf), conversations(512, seed + 1, known).map(textOf)]
    const tokenizer = learnTokenizer(read, vocabulary)
    const rows = (texts: readonly string[]) =>
      packed(
        texts.map((text) => tokenizer.encode(text)),
        context,
      )
    const questions = (n: number, from: number): readonly DemoPrompt[] =>
      conversations(n, from, known).map((turns) => {
        const text = textOf(turns).slice(0, -turns.at(-1)!.agent.length - end.length)
        return { text, tokens: tokenizer.encode(text) }
      })
    return {
      ...{ tokenizer, reading: rows(read), unseen: rows(unread), end: tokenizer.encode(end)[0]! },
      ...{ asked: questions(judged, seed + 2), compared: questions(compared, seed + 3) },
    }
  },
  judge,
  thumb: ({ qualities }, chance) => (chance < 0.4 ? undefined : chance < 0.46 !== qualities['all three']),
  phrases: { what: 'beginnings of answers', of: (answer) => [words(answer).slice(0, 3).join(' ')] },
  show: ({ prompt, before, after }: DemoSample) => [
    ...prompt.split(customer).flatMap((turn) => {
      const [asked = '', answered = ''] = turn.split(agent)
      return [...(asked === '' ? [] : [`  customer   ${plain(asked)}`]), ...(answered === '' ? [] : [`  agent      ${plain(answered)}`])]
    }),
    `    before   ${plain(before.text)}   ${verdict(before)}`,
    `    after    ${plain(after.text)}   ${verdict(after)}`,
  ],
  next: (out) => `npx halograd chat --model ${out}`,
}
