/**
 * Mutants that compute the same as the original; or differ in speed alone, or in what nobody is promised: by their keys, under the reason. A key that
 * no source has any more fails spec/mutants/mutants.test.ts: look whether the code that took its place has an equivalent, too.
 */
const reasons: Readonly<Record<string, readonly string[]>> = {
  'A last term is below half a unit in the last place of the sum: adding it, too, changes nothing.': [
    'core/scalar.ts | errorFunction | -[54 → 55]',
  ],
  'The term is 0, or NaN where the index is no position: x + 0 = x − 0, and NaN either way.': [
    "core/ops.ts | take.known | [add → sub](reduce('sum',where(here,table",
  ],
  'The branch is taken only where it is another number; this one keeps a quotient that is not taken from being 0/0.': [
    'core/definitions.ts | definitions.log1p | S.of([1 → 2]) | 4',
  ],
  'Within so little of a turning point, sine and cosine are ±1 to rounding, and their bounds are rounded outwards.': [
    'core/interval.ts | circular.first | [1 → 2]+Math.abs(a)',
  ],
  'What a reward does not read, its text does not use; what it reads, the evidence has by its type.': [
    'halos/reward.ts | rewardOf | other(y)??[0 → 1]',
  ],
  'A declaration without a centre was refused, so that the default is never taken.': [
    'halos/reference.ts | expectation | constant([centre??Number.NaN → (centre)])',
  ],
  'Labels are turned for both examples: each is still compared with the one of the other label.': [
    'halos/unbiased.ts | estimator | [example===0 → (example!==0)]?1:-1',
  ],
  'Of what a comparison returns, only the sign counts.': ['halos/normal-form.ts | textOf | a<b?-1:[1 → 2]'],
  'Of a side, only the sign counts: slopes are multiplied by it to be compared with 0.': [
    'halos/prove.ts | junction.right | valuate(subject,[point,point],[1 → 2])',
    'halos/refute.ts | slope.beside | -[1 → 2]',
  ],
  'How soon a box is given up in whose middle the function is not defined: it is open in any case, the sooner the cheaper.': [
    'halos/prove.ts | decideSubject | if([!isCertain(at(centre).value) → (isCertain(at(centre).value))])blind++',
  ],
  'A witness has at least one point.': ['halos/prove.ts | simpler | if([a===undefined → false])returnfound'],
  'Another place at which a refutation is looked for. Which are looked at is not specified, and what is found is certain wherever it is.': [
    'halos/refute.ts |  | -[1000 → 1001]',
    'halos/refute.ts |  | -[10 → 11]',
    'halos/refute.ts | magnitudes | -[3 → 4]',
    'halos/refute.ts | magnitudes | -[6 → 7]',
    'halos/refute.ts | magnitudes | [-3,-6,[3 → 4],6,-9,9,-12,12]',
    'halos/refute.ts | magnitudes | [-3,-6,3,[6 → 7],-9,9,-12,12]',
    'halos/refute.ts | magnitudes | -[9 → 10]',
    'halos/refute.ts | magnitudes | [-3,-6,3,6,-9,[9 → 10],-12,12]',
    'halos/refute.ts | magnitudes | -[12 → 13]',
    'halos/refute.ts | magnitudes | [-3,-6,3,6,-9,9,-12,[12 → 13]]',
    'halos/refute.ts | steps | [[0 → 1],...[0.1,0.2,0.5,1,2,3,5,7,10,',
    'halos/refute.ts | steps | [[0.1 → 0.2],0.2,0.5,1,2,3,5,7,10,15,20,30',
    'halos/refute.ts | steps | [0.1,[0.2 → 0.4],0.5,1,2,3,5,7,10,15,20,30,50,',
    'halos/refute.ts | steps | [0.1,0.2,[0.5 → 1],1,2,3,5,7,10,15,20,30,50,70,1',
    'halos/refute.ts | steps | [0.1,0.2,0.5,[1 → 2],2,3,5,7,10,15,20,30,50,70,100',
    'halos/refute.ts | steps | [0.1,0.2,0.5,1,[2 → 3],3,5,7,10,15,20,30,50,70,100,1',
    'halos/refute.ts | steps | [0.1,0.2,0.5,1,2,[3 → 4],5,7,10,15,20,30,50,70,100,150',
    'halos/refute.ts | steps | [0.1,0.2,0.5,1,2,3,[5 → 6],7,10,15,20,30,50,70,100,150,2',
    'halos/refute.ts | steps | [0.1,0.2,0.5,1,2,3,5,[7 → 8],10,15,20,30,50,70,100,150,200',
    'halos/refute.ts | steps | [0.1,0.2,0.5,1,2,3,5,7,[10 → 11],15,20,30,50,70,100,150,200,30',
    'halos/refute.ts | steps | [0.1,0.2,0.5,1,2,3,5,7,10,[15 → 16],20,30,50,70,100,150,200,300,5',
    'halos/refute.ts | steps | [0.1,0.2,0.5,1,2,3,5,7,10,15,[20 → 21],30,50,70,100,150,200,300,500,',
    'halos/refute.ts | steps | .1,0.2,0.5,1,2,3,5,7,10,15,20,[30 → 31],50,70,100,150,200,300,500,700',
    'halos/refute.ts | steps | 0.2,0.5,1,2,3,5,7,10,15,20,30,[50 → 51],70,100,150,200,300,500,700,10',
    'halos/refute.ts | steps | ,0.5,1,2,3,5,7,10,15,20,30,50,[70 → 71],100,150,200,300,500,700,1000]',
    'halos/refute.ts | steps | 5,1,2,3,5,7,10,15,20,30,50,70,[100 → 101],150,200,300,500,700,1000]',
    'halos/refute.ts | steps | 2,3,5,7,10,15,20,30,50,70,100,[150 → 151],200,300,500,700,1000]',
    'halos/refute.ts | steps | 5,7,10,15,20,30,50,70,100,150,[200 → 201],300,500,700,1000]',
    'halos/refute.ts | steps | 10,15,20,30,50,70,100,150,200,[300 → 301],500,700,1000]',
    'halos/refute.ts | steps | 5,20,30,50,70,100,150,200,300,[500 → 501],700,1000]',
    'halos/refute.ts | steps | ,30,50,70,100,150,200,300,500,[700 → 701],1000]',
    'halos/refute.ts | steps | 50,70,100,150,200,300,500,700,[1000 → 1001]]',
    'halos/refute.ts |  | [[1 → 2],2,3,5]',
    'halos/refute.ts |  | [1,[2 → 3],3,5]',
    'halos/refute.ts |  | [1,2,[3 → 4],5]',
    'halos/refute.ts |  | [1,2,3,[5 → 6]]',
    'halos/refute.ts |  | [[1e-3 → 0.002],1,1e2,1e4,1e6]',
    'halos/refute.ts |  | [1e-3,[1 → 2],1e2,1e4,1e6]',
    'halos/refute.ts |  | [1e-3,1,[1e2 → 101],1e4,1e6]',
    'halos/refute.ts |  | [1e-3,1,1e2,[1e4 → 10001],1e6]',
    'halos/refute.ts |  | [1e-3,1,1e2,1e4,[1e6 → 1000001]]',
    'halos/refute.ts | around | [[1 → 2],5,20,100]',
    'halos/refute.ts | around | [1,[5 → 6],20,100]',
    'halos/refute.ts | around | [1,5,[20 → 21],100]',
    'halos/refute.ts | around | [1,5,20,[100 → 101]]',
    'halos/refute.ts | around | [2 → 3]*step',
    'halos/refute.ts | around | [2 → 3]*step | 2',
    'halos/refute.ts | around | [[base+x*unit → (base-x*unit)],base+y*unit]',
  ],
  "Whether a third example is there or not, the first looks at the same items of its own and at others' in any batch of several.": [
    'halos/refute.ts | notCompared.items | looksAt(loss,[2 → 3])',
  ],
  "Only the error's text is another: without the guard, to enclose what is no subject is a TypeError as well.": [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that is quoted
    'halos/certificate.ts | bounds.at | if([E.isLeft(subject) → false])thrownewTypeError(`${item}:${',
  ],
  "The slack makes up for the checker's own rounding; any that is as small does.": [
    'halos/certificate.ts | ofWitness.refutation.enclosures | [2 → 3]**-60',
    'halos/certificate.ts | ofWitness.refutation.enclosures | -[60 → 61]',
    'halos/certificate.ts | ofWitness.refutation.enclosures | [2 → 3]**-60 | 2',
    'halos/certificate.ts | ofWitness.refutation.enclosures | -[60 → 61] | 2',
  ],
  'The least ratio is 1: to multiply, to divide by it, or neither, is the same.': [
    'models/data/balance.ts | weigh.better.desirable | ([bad*least → (bad/least)])',
    'models/data/balance.ts | weigh.better.desirable | ([bad*least → (bad)])',
  ],
  'A ratio of just the least was returned before.': [
    'models/data/balance.ts | weigh | if([ratio<least → (ratio<=least)])return{ratio,better:{...weigh',
  ],
  'The first is exchanged with itself, by a number that nothing else is drawn after.': [
    'models/data/shuffle.ts | shuffle | for(leti=shuffled.length-1;[i>0 → (i>=0)];i--){constj=uniformInt(random',
  ],
  'A text of a batch is scored, and nothing else is: both are there, or neither.': [
    'models/training/objective.ts | evidenceOf.completion | [part&&found → (part||found)]&&{policy:example(found.logPro',
  ],
  'A batch of that size is compared all the same: alone, or as a part of another.': [
    'halos/composition.ts | settingsOf.sizes | [1,[2 → 3]]',
    'halos/composition.ts | settingsOf.sizes | [[1 → 2]]',
    'halos/composition.ts | settingsOf.sizes | [[2 → 3]]',
  ],
  'How many examples there are makes no difference to whether there is a path to a log-probability.': [
    'halos/conditions.ts | heldFinding | symbolic([2 → 3])',
  ],
  'Only a node and itself are neither before nor behind each other; to exchange them changes nothing.': [
    'core/simplify.ts | simplified.turn | commutative.has(primitive)&&[constantsFirst(given[0]!,given[1]!)>0 → (constantsFirst(given[0]!,given[1]!)>=0)]',
  ],
}

export const equivalents: ReadonlyMap<string, string> = new Map(
  Object.entries(reasons).flatMap(([reason, keys]) => keys.map((key) => [key, reason] as const)),
)
