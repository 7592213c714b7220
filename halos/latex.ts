/**
 * Losses as formulas: the scalar language read at LaTeX, with parentheses only where they are needed, and with the words that people
 * use: −softplus(−z) is log σ(z), −max(−a, −b) is min(a, b).
 */
import { interpretation, type Primitive, type Unary } from '../core/index.ts'
import type { Affine } from './affine.ts'
import type { Halo } from './halo.ts'
import { isHalo, isStated, isView } from './kinds.ts'
import type { AnyLoss } from './loss.ts'
import type { Reward } from './reward.ts'
import type { Terms } from './stated.ts'
import { bound } from './words.ts'

/** How tightly a piece holds together: a sum, a product, an atom. */
type LatexLevel = 1 | 2 | 3
interface Tex {
  readonly text: string
  readonly level: LatexLevel
  /** The negative of it, where that has a form of its own. */
  readonly minus?: () => Tex
}
const atom = (text: string, minus?: () => Tex): Tex => ({ text, level: 3, ...(minus && { minus }) })
const sum = (text: string, minus?: () => Tex): Tex => ({ text, level: 1, ...(minus && { minus }) })
const within = ({ text, level }: Tex, least: LatexLevel): string => (level >= least ? text : `\\left(${text}\\right)`)

/** Six digits; powers of two and of ten as such. */
const digits = (n: number): string => {
  const power = Math.log2(n)
  if (n !== 0 && n < 1e-4 && Number.isInteger(power)) return `2^{${power}}`
  const [mantissa, exponent] = `${Number(n.toPrecision(6))}`.split('e')
  return exponent === undefined ? mantissa! : `${mantissa === '1' ? '' : `${mantissa} \\cdot `}10^{${Number(exponent)}}`
}
const numeral = (n: number): Tex =>
  n < 0 || Object.is(n, -0) ? sum(`-${digits(-n)}`, () => numeral(-n)) : atom(digits(n), () => numeral(n === 0 ? 0 : -n))
const isNegative = ({ text, minus }: Tex): boolean => minus !== undefined && /^-[\d.]+(\S*10\^\{-?\d+\})?$/.test(text)
const negative = (x: Tex): Tex => x.minus?.() ?? sum(`-${within(x, 2)}`, () => x)
const add = (x: Tex, y: Tex): Tex =>
  y.text === '0' ? x : y.text.startsWith('-') ? sub(x, negative(y)) : sum(`${x.text} + ${y.text}`, () => sub(negative(x), y))
const sub = (x: Tex, y: Tex): Tex => {
  if (y.text === '0') return x
  if (x.text === '0') return negative(y)
  if (isNegative(y)) return sum(`${x.text} + ${negative(y).text}`, () => sub(negative(y), x))
  return sum(`${x.text} - ${within(y, 2)}`, () => sum(`${y.text} - ${within(x, 2)}`, () => sub(x, y)))
}
const mul = (x: Tex, y: Tex): Tex => {
  if (x.text === '1' || y.text === '0') return y
  if (x.text === '0') return x
  if (isNegative(x)) return negative(mul(negative(x), y))
  if (x.text === y.text) return atom(`${within(x, 3)}^2`)
  const product = `${within(x, 2)} ${/^[\d.]/.test(y.text) ? '\\cdot ' : ''}${within(y, 2)}`
  return { text: product, level: 2 }
}
const call = (name: string, ...args: readonly Tex[]): Tex => atom(`${name}\\left(${args.map(({ text }) => text).join(', ')}\\right)`)
/** eˣ. That x is bounded, so that it neither overflows nor vanishes, is no part of the formula. */
const power = ({ text }: Tex): Tex => atom(`e^{${bounded.exec(text)?.[1] ?? text}}`)
const bounded = new RegExp(`^\\\\m(?:in|ax)\\\\left\\((.*), -?${bound}\\\\right\\)$`)
const logSigmoid = (x: Tex): Tex => atom(`\\log \\sigma\\left(${x.text}\\right)`)
const calls: { readonly [W in Primitive]?: string } = {
  log: '\\log',
  sin: '\\sin',
  cos: '\\cos',
  tanh: '\\tanh',
  sigmoid: '\\sigma',
  erf: '\\mathrm{erf}',
}

const say = (word: Primitive, [x = atom(''), y = atom(''), z = atom('')]: readonly Tex[]): Tex => {
  switch (word) {
    case 'add':
      return add(x, y)
    case 'sub':
      return sub(x, y)
    case 'mul':
      return mul(x, y)
    case 'div':
      return y.text === '1' ? x : atom(`\\frac{${x.text}}{${y.text}}`)
    case 'max':
      return atom(
        call('\\max', x, y).text,
        isNegative(y) || (x.minus && y.minus) ? () => call('\\min', negative(x), negative(y)) : undefined,
      )
    case 'exp':
      return power(x)
    case 'expm1':
      return sum(`${power(x).text} - 1`, () => sum(`1 - ${power(x).text}`))
    case 'log1p':
      return call('\\log', add(atom('1'), x))
    case 'sqrt':
      return atom(`\\sqrt{${x.text}}`)
    case 'softplus':
      return atom(`\\log\\left(1 + e^{${x.text}}\\right)`, x.minus && (() => logSigmoid(negative(x))))
    case 'less':
      return atom(`\\left[${x.text} < ${y.text}\\right]`)
    case 'equal':
      return atom(`\\left[${x.text} = ${y.text}\\right]`)
    case 'where':
      return atom(`\\begin{cases} ${y.text} & ${x.text} \\\\ ${z.text} & \\text{otherwise} \\end{cases}`)
    default:
      return call(calls[word] ?? word, x)
  }
}
const tex = interpretation<Tex>(numeral, say)
const function1 = (body: Unary, x: Tex): Tex => body(tex)(x)

const [policy, reference] = ['\\log \\pi_\\theta(y|x)', '\\log \\pi_{\\mathrm{ref}}(y|x)']
const ratio = '\\log \\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{ref}}(y|x)}'
const old = (text: string): string => text.replaceAll('\\mathrm{ref}', '\\mathrm{old}')
const rewardIn = ({ name, body, sampled }: Reward): string => {
  if (name === 'R_φ') return 'r = R_\\phi(x, y)'
  const text = `r = ${asRatio(body(tex)(atom(policy), atom(reference), atom('|y|')).text)}`
  return sampled ? old(text) : text
}
const asRatio = (text: string): string =>
  text
    .replaceAll(`\\left(${policy} - ${reference}\\right)`, ratio)
    .replaceAll(`${policy} - ${reference}`, ratio)
    .replaceAll(`${reference} - ${policy}`, `-${ratio}`)
    .replaceAll(`e^{${ratio}}`, ratio.replace('\\log ', ''))

/** What the reward is compared with, as z. */
const compared = ({ reference: { over, clamped, held }, reward: { centre } }: Halo): string => {
  const inside = (mean: string): string => (clamped ? `\\max\\left(0, ${mean}\\right)` : mean)
  const point = (symbol: string, mean: string): string =>
    `z = s \\left(r - ${symbol}\\right), \\quad ${symbol} = ${held ? `\\mathrm{stop}\\left(${inside(mean)}\\right)` : inside(mean)}`
  switch (over) {
    case 'rejected':
      return 'z = r(x, y_w) - r(x, y_l)'
    case 'rank':
      return 'z = r(x_{(k)}, y_{w(k)}) - r(x_{(k)}, y_{l(k)})'
    case 'none':
    case 'sampler':
      return centre === 0 ? 'z = s r' : `z = s ${within(sub(atom('r'), numeral(centre ?? Number.NaN)), 2)}`
    case 'unrelated':
      return point('z_0', "\\overline{r(x, y')}")
    case 'outcome':
      return point('\\delta', '\\bar{r}')
    case 'opposite':
      return point('z_{-s}', '\\bar{r}_{-s}')
  }
}
const ofHalo = (h: Halo): string => {
  const side = ({ shift, scale }: Affine, tau: number): string =>
    sub(numeral(shift), mul(numeral(scale), function1(h.value.body, mul(numeral(tau), atom('z'))))).text
  const [up, down] = [side(h.t.desirable, h.inverseTemperature.desirable), side(h.t.undesirable, h.inverseTemperature.undesirable)]
  const loss = up === down ? up : `\\begin{cases} ${up} & s = 1 \\\\ ${down} & s = -1 \\end{cases}`
  // The labels of policy gradients are advantages.
  const [weight, sign] = h.reward.sampled ? ['|A| ', ', \\quad s = \\mathrm{sign}(A)'] : ['', '']
  const weighed = weight !== '' && up === down ? `\\left(${loss}\\right)` : loss
  return `L = \\mathbb{E}\\left[ ${weight}${weighed} \\right], \\quad ${compared(h)}${sign}, \\quad ${rewardIn(h.reward)}`
}

/**
 * The definition of a loss in LaTeX, printed from the text that backends run.
 * @example
 * ```ts
 * import { dpo, getOrThrow, toLatex } from 'halograd/halos'
 * console.log(toLatex(getOrThrow(dpo())).startsWith('L = ')) // true
 * ```
 */
export const toLatex = (loss: AnyLoss): string => {
  if (isView(loss)) {
    const { latex, plus, sums } = loss.seen
    const through = toLatex(loss.through)
    const [inner, all] = [
      sums === undefined
        ? through
        : through.replace(/\\left\[ (.*?) \\right\]/, (_, each) => `\\left[ ${sums} \\left(${each}\\right) \\right]`),
      plus === undefined ? '' : `L = L_1 + ${plus}, \\quad `,
    ]
    return `${all}${plus === undefined ? inner : inner.replace(/^L/, 'L_1')}, \\quad ${latex}`
  }
  if (isHalo(loss)) return ofHalo(loss)
  const { formula, terms, latex } = isStated(loss) ? loss : {}
  if (latex !== undefined) return latex
  if (terms !== undefined) return ofTerms(terms)
  if (formula === undefined) return `\\text{${loss.name}: ${loss.source.title}, ${loss.source.at}}`
  const { body, of, reward, times, per } = formula
  const cost = body(tex)(atom(of[0]), atom(of[1]))
  const weighed = times === undefined ? cost : mul(atom(times), cost)
  const mean = per === undefined ? `L = \\mathbb{E}\\left[ ${weighed.text} \\right]` : `L = ${totals(weighed, per)}`
  return reward === undefined ? mean : `${mean}, \\quad ${rewardIn(reward)}`
}

/** Σ cost / Σ shares. */
const totals = (cost: Tex, per: string): string =>
  cost.minus ? `-\\frac{\\sum ${within(negative(cost), 2)}}{\\sum ${per}}` : `\\frac{\\sum ${within(cost, 2)}}{\\sum ${per}}`

const ofTerms = (terms: Terms): string => {
  const total = terms.map(([weight], i) => mul(numeral(weight), atom(`L_${i + 1}`))).reduce(add)
  return [`L = ${total.text}`, ...terms.map(([, term], i) => toLatex(term).replace(/^L/, `L_${i + 1}`))].join(', \\quad ')
}
