/**
 * A declaration as the page holds it: a loss of the catalogue with its settings, or parts with a value function as text; and as the address of the
 * page, `#declare?reward=logRatio&beta=0.1&value=sigmoid(z)`, so that a link shares it.
 */

/** The rewards and reference points to choose from, with words for people. `declaration.ts` makes them. */
export const rewardNames = {
  logRatio: 'β log π/π_ref (KTO, DPO)',
  logRatioPerToken: 'β log π/π_ref per token',
  logProbability: 'β log π (SLiC, CPO)',
  logProbabilityPerToken: 'β log π per token (SimPO)',
  logOdds: 'log odds (ORPO)',
} as const
export const referenceNames = {
  policy: 'z₀: what the policy does elsewhere (KTO)',
  batch: 'the mean of the batch',
  running: 'the running mean (BCO)',
  opposite: 'the mean of the other label',
  anchor: 'the reference model itself (u = 0)',
  rejected: 'the rejected completion (DPO)',
} as const

export interface PartsDraft {
  readonly kind: 'parts'
  readonly name: string
  readonly reward: keyof typeof rewardNames
  readonly reference: keyof typeof referenceNames
  /** v(z), as text. */
  readonly value: string
  readonly beta: number
  /** v is felt at z − margin. */
  readonly margin: number
  readonly desirable: number
  readonly undesirable: number
}
export interface CatalogueDraft {
  readonly kind: 'catalogue'
  readonly loss: string
  readonly settings: Readonly<Record<string, number>>
}
export type Draft = PartsDraft | CatalogueDraft

/** What the page opens with: σ with a margin of 1, which is refuted, as in the README. */
export const bold: PartsDraft = {
  ...{ kind: 'parts', name: 'Bold', reward: 'logRatio', reference: 'policy', value: 'sigmoid(z)' },
  ...{ beta: 0.1, margin: 1, desirable: 1, undesirable: 1 },
}

export const sliders = [
  { key: 'beta', label: 'β', title: 'how hard to hold on to the reference model', min: 0.01, max: 1, step: 0.01 },
  { key: 'margin', label: 'margin', title: 'how much better than expected still is no gain: v(z − margin)', min: -3, max: 3, step: 0.1 },
  { key: 'desirable', label: 'λ_D', title: 'the weight of desirable completions', min: 0.1, max: 3, step: 0.05 },
  { key: 'undesirable', label: 'λ_U', title: 'the weight of undesirable completions', min: 0.1, max: 3, step: 0.05 },
] as const

/** The part of the address behind `?`. */
export const toAddress = (draft: Draft): string =>
  draft.kind === 'catalogue'
    ? new URLSearchParams([['loss', draft.loss], ...Object.entries(draft.settings).map(([key, x]) => [key, String(x)])]).toString()
    : new URLSearchParams(Object.entries(draft).flatMap(([key, x]) => (key === 'kind' ? [] : [[key, String(x)]]))).toString()

/** What an address says; whatever it does not say, or says wrongly, is that of `bold`. */
export const fromAddress = (query: string): Draft => {
  const given = new URLSearchParams(query)
  const loss = given.get('loss')
  if (loss !== null) {
    const settings = [...given].filter(([key]) => key !== 'loss').map(([key, x]) => [key, Number(x)] as const)
    return { kind: 'catalogue', loss, settings: Object.fromEntries(settings.filter(([, x]) => Number.isFinite(x))) }
  }
  const number = (key: 'beta' | 'margin' | 'desirable' | 'undesirable'): number => {
    const text = given.get(key) ?? ''
    return text !== '' && Number.isFinite(Number(text)) ? Number(text) : bold[key]
  }
  const [reward, reference] = [given.get('reward') ?? '', given.get('reference') ?? '']
  return {
    ...{ kind: 'parts', name: (given.get('name') ?? bold.name).slice(0, 60), value: given.get('value') ?? bold.value },
    reward: isReward(reward) ? reward : bold.reward,
    reference: isReference(reference) ? reference : bold.reference,
    ...{ beta: number('beta'), margin: number('margin'), desirable: number('desirable'), undesirable: number('undesirable') },
  }
}
export const isReward = (name: string): name is PartsDraft['reward'] => Object.hasOwn(rewardNames, name)
export const isReference = (name: string): name is PartsDraft['reference'] => Object.hasOwn(referenceNames, name)
