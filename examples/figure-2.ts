/** Figure 2 of the KTO paper: the human utility that each loss implies, as numbers that any plotting tool reads. */
import { catalogue, find, getOrThrow, series, verify } from 'halograd/halos'

const families = await catalogue()
const losses = ['kto', 'dpo', 'slic-calibration', 'prospect'].map((name) => {
  const family = find(families, name)
  if (family === undefined) throw new Error(`there is no loss ${name}`)
  return getOrThrow(family({}))
})
const curves = losses.map((loss) => series(loss, 'utility', { from: -4, to: 4, points: 9 }))

console.log(['z', ...losses.map((loss) => `${loss.name} (${verify(loss).verdict})`)].join('\t'))
for (const [i, [z]] of (curves[0]?.points ?? []).entries())
  console.log([z.toFixed(1), ...curves.map((curve) => curve?.points[i]?.[1].toFixed(3))].join('\t'))
