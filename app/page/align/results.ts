/** What has become of the model: how often its answers are better than before, which words it says now, and the answers themselves. */
import { html, nothing, type TemplateResult } from 'lit-html'
import { until } from 'lit-html/directives/until.js'
import type { Lexicon } from '../../inputs/lexicon.ts'
import type { Rate } from '../../terminal/statistics.ts'
import { judging } from '../judge/model.ts'
import { lexiconOf, marked } from '../judge/rule.ts'
import { type AlignRun, aligning, type RunJudgement } from './model.ts'
import type { WordChange } from './words.ts'

export const results = (): TemplateResult | typeof nothing => {
  const { runs, judgements } = aligning.get()
  const finished = runs.flatMap((run) => {
    const judgement = judgements.get(run.order.key)
    return judgement === undefined ? [] : [{ run, judgement }]
  })
  if (finished.length === 0) return nothing
  const rule = judging.get().rule.kind === 'afinn' ? 'the AFINN lexicon' : 'your words'
  return html`<section class="results" aria-labelledby="results-title">
    <h2 id="results-title">Before and after</h2>
    <p class="note">Both write from the same ${finished[0]?.run.result?.prompts.length} beginnings of chapters that the model has never read, with the same random numbers; ${rule} say${rule === 'your words' ? '' : 's'} which text is better. A tie is half a win.</p>
    <div class="finished">${finished.map(({ run, judgement }) => one(run, judgement))}</div>
  </section>`
}

const percent = (x: number): string => `${Math.round(100 * x)} %`

const one = ({ name, result }: AlignRun, { wins, words, worth }: RunJudgement): TemplateResult => html`
  <div class="panel result" data-wins=${wins.rate}>
    <h3>${name}</h3>
    ${rateBar(wins)}
    <p class="note">What it cost: a text is ${result?.kl.toFixed(1)} nats from what the model before would have written (KL).</p>
    ${words.length === 0 ? nothing : html`<h4>Words that changed most</h4>${wordTable(words, result?.before.length ?? 1)}`}
    <h4>Texts, not picked</h4>
    ${until(
      lexiconOf(judging.get().rule).then((lexicon) => texts(result, worth, lexicon)),
      nothing,
    )}
    <details><summary>The run</summary><p class="note">SHA-256 of the parameters: <code data-fingerprint>${result?.fingerprint}</code>. Whoever repeats the run, in a page or in Node, gets the same bits.</p></details>
  </div>`

/** A win rate on a scale from 0 to 1, with its interval and the line of chance. */
const rateBar = ({ rate, low, high, cases }: Rate): TemplateResult => {
  const verdict = low > 0.5 ? 'better than before' : high < 0.5 ? 'worse than before' : 'no difference that is more than chance'
  return html`<p class="rate"><b>${percent(rate)}</b> of ${cases} texts are better than before <span>(90 % interval ${percent(low)} to ${percent(high)}: ${verdict})</span></p>
    <svg class="bar" viewBox="0 0 400 26" role="img" aria-label="win rate ${percent(rate)}, interval ${percent(low)} to ${percent(high)}">
      <rect class="track" x="0" y="9" width="400" height="8" rx="4" />
      <rect class=${low > 0.5 ? 'good' : high < 0.5 ? 'bad' : 'even'} x=${400 * low} y="9" width=${Math.max(1, 400 * (high - low))} height="8" rx="4" />
      <circle cx=${400 * rate} cy="13" r="6" /><line x1="200" x2="200" y1="2" y2="24" />
    </svg>`
}

const wordTable = (words: readonly WordChange[], texts: number): TemplateResult => {
  const most = Math.max(...words.flatMap(({ before, after }) => [before, after]))
  const bar = (count: number, kind: string) => html`<i class=${kind} style="width:${(100 * count) / most}%"></i>`
  return html`<div class="scroll" tabindex="0" role="group" aria-label="words that changed most"><table class="words"><thead><tr><th scope="col">word</th><th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>
    ${words.map(
      ({ word, before, after, worth }) => html`<tr><th scope="row" class=${worth > 0 ? 'good' : worth < 0 ? 'bad' : ''}>${word}</th>
        <td>${bar(before, 'before')}<span>${percent(before / texts)}</span></td><td>${bar(after, 'after')}<span>${percent(after / texts)}</span></td></tr>`,
    )}</tbody></table></div>`
}

const texts = (result: AlignRun['result'], worth: RunJudgement['worth'], lexicon: Lexicon): TemplateResult => {
  const said = (text: string | undefined) =>
    marked(lexicon, text ?? '').map((piece) =>
      piece.worth === 0 ? piece.text : html`<mark class=${piece.worth > 0 ? 'good' : 'bad'}>${piece.text}</mark>`,
    )
  const cell = (label: string, text: string | undefined, score: number | undefined) =>
    html`<div><span class="when">${label} ${score === undefined || score === 0 ? '' : score > 0 ? `+${score}` : `−${-score}`}</span><p>${said(text)}</p></div>`
  return html`<ol class="beside">${(result?.prompts ?? [])
    .slice(0, 6)
    .map(
      (prompt, i) =>
        html`<li><p class="prompt">${prompt.trim()} …</p><div>${cell('before', result?.before[i], worth.before[i])}${cell('after', result?.after[i], worth.after[i])}</div></li>`,
    )}</ol>`
}
