/**
 * Which loss suits which data, for the help of the catalogue: read before any loss is loaded.
 *
 *     thumbs up and down → kto, …     thumbs-down alone → npo, …     pairs → dpo, …     pairs with scores → odpo, …
 */

/** Where to start, by the data that there are: read from above, the first line that fits. */
export const advice: readonly (readonly [data: string, losses: string])[] = [
  ['thumbs up and down', 'kto; collected long before humanline-kto; without a reference model kto-surprisal; noisy ones bco or una'],
  ['thumbs-down alone', 'npo; without a reference model simnpo'],
  ['pairs', 'dpo; noisy ones robust-dpo or dr-dpo; differing little dpop; the chosen longer r-dpo, ld-dpo or dpo-norm; of others wpo'],
  ['pairs, no reference model', 'simpo for long answers, repo, simper (nothing to tune), orpo without a stage of SFT before'],
  ['pairs with scores', 'odpo; scores in [0, 1] mappo; as exact as the scores rpo-sq; round after round rebel or sppo'],
  ['scored answers to a prompt', 'nca: each with its share'],
  ['rewards of sampled answers', 'grpo, gspo, ppo-clip, sapo, cispo: labels that are advantages'],
  ['answers to imitate', 'sft'],
]
