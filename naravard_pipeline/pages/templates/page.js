// The switch between light and dark, and what is shown in a chart as CSV, SVG or PNG. Everything works from a file, without a server.
(() => {
  const root = document.documentElement, item = document.querySelector('.theme')
  const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  if (item) {
    const button = item.firstElementChild, show = () => button.setAttribute('aria-pressed', isDark())
    item.hidden = false
    show()
    button.addEventListener('click', () => {
      root.dataset.theme = isDark() ? 'light' : 'dark'
      try { localStorage.setItem('tema', root.dataset.theme) } catch (e) { /* a browser that keeps nothing */ }
      show()
    })
  }
  const save = (content, type, name) => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([content], { type }))
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  // Semicolons, decimal commas and a mark of UTF-8: what a Swedish Excel opens by a double click. A text that would run as a formula gets an apostrophe.
  const plain = cell => {
    if (cell.dataset.raw !== undefined) return cell.dataset.raw
    const text = cell.textContent.trim()
    if (cell.classList.contains('number') && cell.tagName === 'TD') return text.replace(/[\u00a0\u202f]/g, '').replace(/−/g, '-')
    return /^[=+@-]/.test(text) ? `'${text}` : text
  }
  // Whose the figures are, and that they are held where they are.
  const told = figure => [...figure.querySelectorAll('figcaption .held-mark, .source')].map(place => place.textContent.trim())
  const csv = figure => {
    const rows = [...figure.querySelectorAll('tr')].map(row => [...row.cells].map(c => `"${plain(c).replace(/"/g, '""')}"`).join(';'))
    const notes = told(figure).map(text => `"${text.replace(/"/g, '""')}"`)
    return '\ufeff' + [...rows, ...notes].join('\r\n') + '\r\n'
  }
  // The picture as a file of its own: light, with its heading above and its source below.
  const svg = figure => {
    const old = figure.querySelector('.plot svg'), width = Math.max(+old.getAttribute('width'), 460), height = +old.getAttribute('height')
    const escape = text => text.trim().replace(/&/g, '&amp;').replace(/</g, '&lt;')
    const inner = new XMLSerializer().serializeToString(old).replace(/var\(--[\w-]+,\s*(#[0-9a-f]{6})\)/g, '$1')
    const heading = figure.closest('section.measure')?.querySelector('h3') ?? document.querySelector('h1')
    const line = (y, text, size, weight) => `<text x="10" y="${y}" font-size="${size}" font-weight="${weight}" fill="#1d2328">${escape(text)}</text>`
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 20}" height="${height + 68 + 16 * told(figure).length}" font-family="Arial, 'Liberation Sans', Helvetica, sans-serif">` +
      `<rect width="100%" height="100%" fill="#ffffff"/>` + line(26, heading.textContent, 15, 600) +
      line(46, figure.querySelector('figcaption > *').textContent, 13, 400) +
      `<g transform="translate(10 56)">${inner}</g>` + told(figure).map((text, n) => line(height + 76 + 16 * n, text, 11, 400)).join('') + '</svg>'
  }
  const png = (figure, name) => {
    const image = new Image()
    image.onload = () => {
      const canvas = document.createElement('canvas')
      canvas.width = image.width * 2
      canvas.height = image.height * 2
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height)
      canvas.toBlob(blob => save(blob, 'image/png', name))
    }
    image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(svg(figure))
  }
  for (const place of document.querySelectorAll('.get')) {
    const figure = place.closest('figure'), name = figure.dataset.file
    place.hidden = false
    place.addEventListener('click', event => {
      const form = event.target.dataset.get
      if (form === 'csv') save(csv(figure), 'text/csv;charset=utf-8', `${name}.csv`)
      if (form === 'svg') save(svg(figure), 'image/svg+xml', `${name}.svg`)
      if (form === 'png') png(figure, `${name}.png`)
    })
  }
  // A table that is printed is open.
  addEventListener('beforeprint', () => document.querySelectorAll('details.more').forEach(d => { d.open = true }))
})()
