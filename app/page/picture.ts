/** A plot as a file: the SVG with the colours that it has on the screen, or what a canvas makes of it. */

const drawn = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-family', 'font-size', 'text-anchor'] as const

/** Save the plot that a button belongs to. */
export const savePicture = async (event: Event, title: string, kind: 'svg' | 'png'): Promise<void> => {
  const plot = event.currentTarget instanceof Element ? event.currentTarget.closest('figure')?.querySelector('svg') : undefined
  if (!(plot instanceof SVGSVGElement)) return
  const text = textOf(plot)
  const name = `${title.replaceAll(/[^\w-]+/g, '-').toLowerCase()}.${kind}`
  if (kind === 'svg') return saveFile(name, new Blob([text], { type: 'image/svg+xml' }))
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await image.decode()
  const { width, height } = plot.viewBox.baseVal
  const canvas = new OffscreenCanvas(2 * width, 2 * height)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.fillStyle = getComputedStyle(document.body).backgroundColor
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  saveFile(name, await canvas.convertToBlob({ type: 'image/png' }))
}

/** The plot on its own, without what only the page needs. */
const textOf = (plot: SVGSVGElement): string => {
  const copy = plot.cloneNode(true) as SVGSVGElement // a clone is of the same kind
  const [before, after] = [plot.querySelectorAll('*'), copy.querySelectorAll('*')]
  for (const [i, element] of after.entries()) {
    const original = before[i]
    if (original === undefined) continue
    const style = getComputedStyle(original)
    element.setAttribute('style', drawn.map((name) => `${name}:${style.getPropertyValue(name)}`).join(';'))
  }
  for (const element of copy.querySelectorAll('.handle, .reach')) element.remove()
  const { width, height } = plot.viewBox.baseVal
  for (const [name, value] of Object.entries({ xmlns: 'http://www.w3.org/2000/svg', width, height })) copy.setAttribute(name, String(value))
  return new XMLSerializer().serializeToString(copy).replaceAll(/<!--[\s\S]*?-->/g, '')
}

/** Hand a file to the person. */
export const saveFile = (name: string, content: Blob): void => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
