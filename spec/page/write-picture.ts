/** The picture of the page in the README: `npm run page:picture` takes it of the built page, in docs/pictures/page.png. */
import { fileURLToPath } from 'node:url'
import { visit } from './visitor.ts'

const root = new URL('../../', import.meta.url)
const { page, end } = await visit(fileURLToPath(new URL('dist/page', root)))
await page.setViewportSize({ width: 1100, height: 700 })
await page.locator('[data-stale=false]').waitFor()
await page.screenshot({ path: fileURLToPath(new URL('docs/pictures/page.png', root)) })
await end()
