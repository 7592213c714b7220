/** The publications that losses are taken from: `kto('eq. 7')` is that equation of that paper. */
import type { Source } from './source.ts'

const paper =
  (key: string, year: number, arxiv: string, title: string, ...authors: readonly string[]) =>
  (at: string): Source => ({ key, year, arxiv, title, authors, at })

export const kto = paper(
  'ethayarajh2024kto',
  2024,
  '2402.01306',
  'KTO: Model Alignment as Prospect Theoretic Optimization',
  'Kawin Ethayarajh',
  'Winnie Xu',
  'Niklas Muennighoff',
  'Dan Jurafsky',
  'Douwe Kiela',
)
export const dpo = paper(
  'rafailov2023dpo',
  2023,
  '2305.18290',
  'Direct Preference Optimization: Your Language Model is Secretly a Reward Model',
  'Rafael Rafailov',
  'Archit Sharma',
  'Eric Mitchell',
  'Stefano Ermon',
  'Christopher D. Manning',
  'Chelsea Finn',
)
export const instructGpt = paper(
  'ouyang2022instructgpt',
  2022,
  '2203.02155',
  'Training language models to follow instructions with human feedback',
  'Long Ouyang',
  'Jeff Wu',
  'Xu Jiang',
  'Diogo Almeida',
  'Carroll L. Wainwright',
  'Pamela Mishkin',
  'Chong Zhang',
  'Sandhini Agarwal',
  'Katarina Slama',
  'Alex Ray',
  'John Schulman',
  'Jacob Hilton',
  'Fraser Kelton',
  'Luke Miller',
  'Maddie Simens',
  'Amanda Askell',
  'Peter Welinder',
  'Paul Christiano',
  'Jan Leike',
  'Ryan Lowe',
)
