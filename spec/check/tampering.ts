/**
 * Ways to tamper with certificates. Each is given a sound one, as parsed from JSON, and says why it must be rejected after the change.
 */

/** A certificate, to be changed in place. */
interface Draft {
  [field: string]: unknown
  format: string
  version: number
  verdict: string
  settings: Record<string, unknown>
  nodes: (string | number)[][]
  parts: Record<string, number>
  claims: {
    part: string
    claim: string
    in: string
    domain: Record<string, unknown[]>
    boxes: { box: unknown[][]; enclosure: unknown[] }[]
  }[]
  refutation: { lemma: string; in: string[]; at: Record<string, unknown[]>; points: unknown[][]; enclosures: unknown[][] } | null
}
/** What is done; to the certificate of which loss; what it is rejected for; how. */
type Tampering = readonly [what: string, loss: string, because: RegExp, change: (c: Draft) => void]

const claim = (c: Draft, part: string, name: string) => c.claims.find((made) => made.part === part && made.claim === name)!
const rising = (c: Draft) => claim(c, 'value', 'non-decreasing')
const concave = (c: Draft) => claim(c, 'value', 'concave')
const drop = (c: Draft, part: string, name: string) => {
  c.claims = c.claims.filter((made) => made.part !== part || made.claim !== name)
}
/** A new node, and what it is of a part instead. */
const instead = (c: Draft, part: string, ...nodes: (string | number)[][]) => {
  c.nodes.push(...nodes)
  c.parts[part] = c.nodes.length - 1
}
const cut = (c: Draft, ...boxes: unknown[][]) => {
  concave(c).boxes = boxes.map((side) => ({ box: [side], enclosure: ['-inf', 0] }))
}
const node = (c: Draft, op: string) => c.nodes.find(([own]) => own === op)!

export const tamperings: readonly Tampering[] = [
  // The expressions
  ['v is turned over', 'kto', /enclosure/, (c) => instead(c, 'value', ['constant', -1], ['mul', c.nodes.length, c.parts.value!])],
  ['σ becomes its square', 'kto', /enclosure/, (c) => instead(c, 'value', ['mul', c.parts.value!, c.parts.value!])],
  ['v is convex: eᶻ', 'kto', /enclosure/, (c) => instead(c, 'value', ['exp', 0])],
  ['v has a square term', 'kto', /enclosure/, (c) => instead(c, 'value', ['mul', 0, 0], ['add', c.parts.value!, c.nodes.length])],
  ['v takes a logarithm of all of ℝ', 'kto', /logarithm/, (c) => instead(c, 'value', ['log', 0])],
  ['v divides by z', 'kto', /division/, (c) => instead(c, 'value', ['div', c.parts.value!, 0])],
  ['v takes √z of all of ℝ', 'kto', /logarithm/, (c) => instead(c, 'value', ['sqrt', 0])],
  [
    'v jumps down at 0',
    'kto',
    /enclosure/,
    (c) => instead(c, 'value', ['constant', 0], ['less', 0, c.nodes.length], ['add', c.parts.value!, c.nodes.length + 1]),
  ],
  ['v bends upwards at a gain', 'hinge', /enclosure/, (c) => instead(c, 'value', ['constant', 2], ['max', 0, c.nodes.length])],
  [
    'hinge without its sign',
    'hinge',
    /enclosure/,
    (c) => {
      c.parts.value = c.nodes.findIndex(([op]) => op === 'max')
    },
  ],
  [
    'the margin of a hinge is moved onto losses and turned',
    'hinge',
    /enclosure/,
    (c) => instead(c, 'value', ['mul', c.parts.value!, c.parts.value!]),
  ],
  ['r falls', 'dpo', /enclosure|follow/, (c) => instead(c, 'reward', ['constant', -1], ['mul', c.nodes.length, c.parts.reward!])],
  ['r compares the wrong way round', 'dpo', /enclosure/, (c) => node(c, 'sub').splice(1, 2, node(c, 'sub')[2]!, node(c, 'sub')[1]!)],
  ['r is constant', 'dpo', /enclosure/, (c) => instead(c, 'reward', ['constant', 1])],
  [
    'r is flat somewhere',
    'dpo',
    /enclosure|follow/,
    (c) => instead(c, 'reward', ['constant', 0], ['max', c.parts.reward!, c.nodes.length]),
  ],
  ['a scale is 0', 'kto', /enclosure|follow/, (c) => instead(c, 'scale.desirable', ['constant', 0])],
  ['a scale is negative', 'kto', /enclosure/, (c) => instead(c, 'scale.undesirable', ['constant', -1])],
  ['an inverse temperature is negative', 'sapo', /enclosure/, (c) => instead(c, 'inverseTemperature.undesirable', ['constant', -2])],
  ['a constant is no number', 'kto', /no finite number/, (c) => instead(c, 'scale.desirable', ['constant', 'NaN'])],
  ['a constant is infinite', 'kto', /no finite number/, (c) => instead(c, 'value', ['constant', 'inf'])],
  ['a node is made of itself', 'kto', /earlier nodes/, (c) => instead(c, 'value', ['add', c.nodes.length, 0])],
  ['a node is made of a later one', 'kto', /earlier nodes/, (c) => c.nodes.unshift(['add', 1, 1])],
  ['an operation that does not exist', 'kto', /no operation/, (c) => instead(c, 'value', ['toString', 0])],
  ['an operation with too many arguments', 'kto', /no operation/, (c) => instead(c, 'value', ['sigmoid', 0, 0])],
  ['a leaf without a domain', 'kto', /no domain/, (c) => instead(c, 'value', ['leaf', 'w'], ['add', 0, c.nodes.length])],
  [
    'a part that is no node',
    'kto',
    /no part/,
    (c) => {
      c.parts.value = 10_000
    },
  ],
  // The boxes
  [
    'the domain of v is a segment',
    'kto',
    /whole domain/,
    (c) => {
      rising(c).domain.z = [-8, 8]
      rising(c).boxes[0]!.box = [[-8, 8]]
    },
  ],
  [
    'gains begin at 1',
    'kto',
    /whole domain/,
    (c) => {
      concave(c).domain.z = [1, 'inf']
      concave(c).boxes[0]!.box = [[1, 'inf']]
    },
  ],
  [
    'gains are finite',
    'dpo',
    /whole domain/,
    (c) => {
      concave(c).domain.z = [0, 1e300]
      concave(c).boxes[0]!.box = [[0, 1e300]]
    },
  ],
  [
    'the box is smaller than the domain',
    'kto',
    /cover/,
    (c) => {
      rising(c).boxes[0]!.box = [['-inf', 0]]
    },
  ],
  [
    'no boxes at all',
    'kto',
    /cover/,
    (c) => {
      concave(c).boxes = []
    },
  ],
  ['a gap between boxes', 'kto', /cover/, (c) => cut(c, [0, 1], [2, 'inf'])],
  ['boxes that overlap', 'kto', /cover/, (c) => cut(c, [0, 2], [1, 'inf'])],
  ['a box twice', 'kto', /cover/, (c) => cut(c, [0, 'inf'], [0, 'inf'])],
  ['boxes that leave the domain', 'kto', /cover/, (c) => cut(c, [-1, 1], [1, 'inf'])],
  ['the last box ends early', 'kto', /cover/, (c) => cut(c, [0, 1], [1, 1e308])],
  [
    'a box of too many sides',
    'kto',
    /cover/,
    (c) => {
      rising(c).boxes[0]!.box.push([0, 1])
    },
  ],
  ['a box turned round', 'kto', /empty/, (c) => cut(c, [1, 0], [1, 'inf'])],
  [
    'a convex kink between two boxes',
    'kto',
    /where two boxes meet/,
    (c) => {
      instead(c, 'value', ['constant', 1], ['max', 0, c.nodes.length])
      rising(c).boxes[0]!.enclosure = [0, 1]
      cut(c, [0, 1], [1, 'inf'])
    },
  ],
  [
    'log π_ref is a single number',
    'kto',
    /whole domain/,
    (c) => {
      claim(c, 'reward', 'non-decreasing').domain.reference = [-1, -1]
      claim(c, 'reward', 'non-decreasing').boxes[0]!.box[1] = [-1, -1]
    },
  ],
  [
    'completions have two tokens or more',
    'simpo',
    /whole domain/,
    (c) => {
      claim(c, 'reward', 'non-decreasing').domain.length = [2, 'inf']
      claim(c, 'reward', 'non-decreasing').boxes[0]!.box[1] = [2, 'inf']
    },
  ],
  // The enclosures and claims
  [
    'an enclosure that is too narrow',
    'kto',
    /does not contain/,
    (c) => {
      rising(c).boxes[0]!.enclosure = [0, 0.2]
    },
  ],
  [
    'an enclosure from which nothing follows',
    'kto',
    /does not follow/,
    (c) => {
      rising(c).boxes[0]!.enclosure = [-1, 1]
    },
  ],
  [
    'a curvature that may be positive',
    'dpo',
    /does not follow/,
    (c) => {
      concave(c).boxes[0]!.enclosure = [-1, 1e-300]
    },
  ],
  [
    'a claim that nobody knows',
    'kto',
    /no claim/,
    (c) => {
      rising(c).claim = 'constructor'
    },
  ],
  [
    'the claim is made in another variable',
    'dpo',
    /does not contain|follow|whole/,
    (c) => {
      claim(c, 'reward', 'non-decreasing').in = 'reference'
    },
  ],
  ['v is not said to be concave', 'kto', /lacks|needs the claim/, (c) => drop(c, 'value', 'concave')],
  ['v is not said to be non-decreasing', 'kto', /needs the claim/, (c) => drop(c, 'value', 'non-decreasing')],
  ['r is not said to rise', 'kto', /needs the claim/, (c) => drop(c, 'reward', 'increasing')],
  ['t is not said to be negative affine', 'kto', /needs the claim/, (c) => drop(c, 'scale.desirable', 'positive')],
  [
    'the claim about v is one about r',
    'kto',
    /./,
    (c) => {
      rising(c).part = 'reward'
    },
  ],
  [
    'a setting may be negative',
    'robust-dpo',
    /enclosure|follow/,
    (c) => {
      c.settings.κ = [-1, 1]
      for (const made of c.claims.filter(({ domain }) => 'κ' in domain)) {
        made.domain.κ = [-1, 1]
        made.boxes[0]!.box[1] = [-1, 1]
      }
    },
  ],
  [
    'a setting is one number in one claim',
    'robust-dpo',
    /not as it is set/,
    (c) => {
      concave(c).domain.κ = [0.125, 0.125]
      concave(c).boxes[0]!.box[1] = [0.125, 0.125]
    },
  ],
  [
    'an exponent above 1',
    'prospect',
    /enclosure|follow/,
    (c) => {
      c.settings.α = [0.5, 2]
      for (const made of [rising(c), concave(c)]) {
        made.domain.α = [0.5, 2]
        made.boxes[0]!.box[1] = [0.5, 2]
      }
    },
  ],
  [
    'a setting that the claims do not share',
    'kto',
    /not as it is set/,
    (c) => {
      c.settings.z = [0, 1]
    },
  ],
  // The verdict and the refutation
  [
    'a HALO is said to be none',
    'kto',
    /does not follow/,
    (c) => {
      c.verdict = 'not a HALO'
    },
  ],
  [
    'what is no HALO is said to be one',
    'ipo',
    /does not follow/,
    (c) => {
      c.verdict = 'HALO'
    },
  ],
  [
    '…and its refutation is taken away',
    'ipo',
    /needs the claim/,
    (c) => {
      c.verdict = 'HALO'
      c.refutation = null
    },
  ],
  ['two points for three', 'ipo', /three points/, (c) => c.refutation!.points.pop()],
  ['points out of order', 'ipo', /three points/, (c) => c.refutation!.points.reverse()],
  [
    'points on one side of the turn',
    'ipo',
    /enclosure|follow/,
    (c) => {
      c.refutation!.points = [
        [-1007, -1007],
        [-1006, -1006],
        [-1005, -1005],
      ]
    },
  ],
  [
    'the loss of another',
    'ipo',
    /enclosure|domain/,
    (c) => {
      c.parts.loss = 0
    },
  ],
  [
    'losses that were not computed',
    'ipo',
    /does not contain/,
    (c) => {
      c.refutation!.enclosures[1] = [100, 200]
    },
  ],
  ['an enclosure is missing', 'ipo', /does not contain/, (c) => c.refutation!.enclosures.pop()],
  [
    'a log-probability above 0',
    'ipo',
    /no log-probability/,
    (c) => {
      c.refutation!.at['chosen.reference[0]'] = [1, 1]
    },
  ],
  [
    'a completion without tokens',
    'ipo',
    /no length/,
    (c) => {
      c.refutation!.at['chosen.length[0]'] = [0.5, 0.5]
    },
  ],
  [
    'a lemma that nobody proved',
    'ipo',
    /no lemma/,
    (c) => {
      c.refutation!.lemma = 'toString'
    },
  ],
  ['two models in the wrong order', 'aot', /enclosure|follow/, (c) => c.refutation!.in.reverse()],
  ['one model twice', 'aot', /enclosure|follow/, (c) => c.refutation!.in.splice(0, 1, c.refutation!.in[1]!)],
  [
    'a cross ratio of one point',
    'orpo',
    /enclosure|follow/,
    (c) => {
      c.refutation!.points[1] = c.refutation!.points[0]!
    },
  ],
  [
    'a lemma that does not apply',
    'kto',
    /does not follow|enclosure|no part/,
    (c) => {
      c.refutation = { lemma: 'nothing compared', in: [], at: {}, points: [], enclosures: [] }
      c.verdict = 'not a HALO'
    },
  ],
  // The format
  [
    'another version',
    'kto',
    /version 1/,
    (c) => {
      c.version = 2
    },
  ],
  [
    'another format',
    'kto',
    /version 1/,
    (c) => {
      c.format = 'certificate'
    },
  ],
  [
    'a field that nobody knows',
    'kto',
    /unknown or missing: trust/,
    (c) => {
      c.trust = true
    },
  ],
  [
    'a field is missing',
    'kto',
    /unknown or missing: parts/,
    (c) => {
      Reflect.deleteProperty(c, 'parts')
    },
  ],
]
