/** Prospect theory itself: why a contestant takes the sure $333,000, and why the same person gambles once $1,000,000 feels like theirs. */
import { median, prospectValue, rational } from 'halograd/halos'

const sure = [{ outcome: 333, probability: 1 }]
const gamble = [
  { outcome: 750, probability: 0.5 },
  { outcome: 0, probability: 0.5 },
]
/** In thousands of dollars; gains and losses are counted from the reference point. */
const choice = (human: typeof median, referencePoint: number) => {
  const [a, b] = [sure, gamble].map((prospect) => prospectValue(human, prospect, referencePoint))
  return `${a !== undefined && b !== undefined && a > b ? 'the sure amount' : 'the gamble'} (${a?.toFixed(1)} against ${b?.toFixed(1)})`
}

console.log('from nothing, people take     ', choice(median, 0))
console.log('from $1M, people take         ', choice(median, 1000))
console.log('expected utility always takes ', choice(rational, 0), 'and', choice(rational, 1000))
