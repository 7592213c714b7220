/** Losses that are known here, and not in the catalogue: what each would need, and what to use instead. */

const perToken =
  'needs the whole distributions of both models at every token, where evidence has the log-probability of the token that stands there'
const list = 'compares all answers to a prompt at once, where a batch holds pairs or single answers'

/** By name, as `--halo` is given it. */
export const refusedLosses: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['tdpo', 'tdpo1', 'tdpo2'].map((name) => [name, `TDPO (arXiv:2404.11999) ${perToken}. Use dpo, or ld-dpo where answers are long.`]),
  ),
  sampo:
    'SamPO (arXiv:2406.10957) draws other tokens of the longer answer in every step, and a loss is a function of its evidence alone. Use ld-dpo, or dpo-norm.',
  rpo: 'three losses go by this name. Reward-aware (NVIDIA): rpo-sq, rpo-fwd-kl, rpo-bwd-kl. Iterative reasoning: irpo. Regularized (arXiv:2405.16436): dpo+0.005*sft.',
  infonca: `InfoNCA (arXiv:2402.05369) ${list}. Use nca, which takes an answer at a time; of two answers InfoNCA is dpo.`,
  lipo: `LiPO (arXiv:2402.01878) ${list}. Use dpo of its pairs, or odpo with their scores.`,
  pmpo: `PMPO (arXiv:2410.04166) ${perToken}. Use npo for thumbs-down alone, kto for both.`,
  dro: 'DRO (arXiv:2405.19107) learns a value head by its own loss. Use ppo-value, or una.',
  'step-kto': 'Step-KTO (arXiv:2501.10799) needs a verdict for each step of an answer. Use kto, with a verdict for each turn.',
}
