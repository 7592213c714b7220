/** Pictures and sections of documents that are made: what the repository holds is what its makers make today. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { catalogueSection } from '../../app/release/catalogue.ts'
import { pictures } from '../../app/release/pictures.ts'
import { section } from '../../app/terminal/documents.ts'
import { catalogue, getOrThrow, isHalo, isView } from '../../halos/index.ts'
import { witness } from '../../halos/internal.ts'

const root = new URL('../../', import.meta.url)
const text = (file: string): string => readFileSync(new URL(file, root), 'utf8')
const kept = (name: string): string => text(`docs/pictures/${name}.svg`)

/** The elements of a picture in their order, with their roles, and everything that it says; coordinates and generated class names left out. */
const structure = (svg: string): readonly string[] =>
  [...svg.matchAll(/<(\w+)((?:[^>"]|"[^"]*")*)>|([^<>]+)<\/text>/g)].map(([, tag, attributes = '', words]) =>
    tag === undefined ? `“${words}”` : `${tag} ${/aria-label="([^"]*)"/.exec(attributes)?.[1] ?? ''}`.trim(),
  )

for (const [name, draw] of Object.entries(pictures))
  test(`docs/pictures/${name}.svg is what npm run pictures draws`, async () => {
    const drawn = structure(await draw())
    assert.ok(drawn.length > 40, 'a picture has axes and marks')
    assert.deepEqual(structure(kept(name)), drawn, 'stale: npm run pictures')
  })

test('a picture that lacks a curve or says something else is told apart', () => {
  const svg = kept('figure-2')
  for (const other of [svg.replace(/<path d="M44,[^>]*>/, ''), svg.replace('IPO: not a HALO', 'IPO: HALO')]) {
    assert.ok(other !== svg, 'something was changed')
    assert.notDeepEqual(structure(other), structure(svg))
  }
})

test('Figure 2 says who is a HALO, and draws in red who is not', () => {
  const titles = [...kept('figure-2').matchAll(/fill="(#\w+)"[^>]*>(?:<g[^>]*>)?<text[^>]*>([^<]*HALO)</g)].map(([, fill, title]) => [
    title,
    fill,
  ])
  const [blue, red] = ['#4269d0', '#d62728']
  assert.deepEqual(titles, [
    ...['KTO', 'DPO', 'SLiC calibration', 'Kahneman–Tversky'].map((name) => [`${name}: HALO`, blue]),
    ...['IPO', 'cDPO, ε = 0.2'].map((name) => [`${name}: not a HALO`, red]),
  ])
})

test('every picture that a document shows exists, and each of ours is shown', () => {
  const documents = ['README.md', ...readdirSync(new URL('docs', root)).flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : []))]
  const shown = documents.flatMap((document) =>
    [...text(document).matchAll(/!\[[^\]]+\]\(([^)]+\.svg)\)/g)].map(([, target]) => new URL(target!, new URL(document, root)).href),
  )
  for (const picture of shown) assert.ok(existsSync(new URL(picture)), picture)
  for (const name of Object.keys(pictures))
    assert.ok(shown.includes(new URL(`docs/pictures/${name}.svg`, root).href), `${name} is shown nowhere`)
})

const families = await catalogue()

test('docs/theory.md has the formulas of the catalogue, and every lemma that it names', () => {
  const made = catalogueSection(families)
  assert.ok(text('docs/theory.md').includes(section('app/release/catalogue.ts', made)), 'docs/theory.md is stale: npm run theorems')
  for (const [, number, lemma] of made.matchAll(/^\| Lemma (\d+) \(([\w ]+)\)/gm))
    assert.ok(text('docs/theory.md').includes(`**Lemma ${number} (${lemma}).**`), `${lemma} is Lemma ${number}`)
  for (const { key } of families) assert.ok(made.includes(`- **${key}** learns from `), key)
})

test('the lemmas of refutation refute no HALO of the catalogue, and everything that is stated without a declaration', () => {
  for (const family of families) {
    const loss = getOrThrow(family())
    assert.equal(witness(loss) === undefined, isHalo(loss) || isView(loss), family.key)
  }
})
