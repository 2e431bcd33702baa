// Looks at one page of a report in a real browser, as whoever opens the file: node reports.cjs PAGE.html [PICTURES]
// Writes an object: "findings" are sentences, none if all is well; the rest are figures for the reader. With PICTURES,
// a folder, screenshots and the print are kept there. NODE_PATH names playwright-core and axe-core; the browser is
// CHROMIUM, else the first of its names that is in the PATH. Of a page of 10,000 rows it takes a minute or two, most of
// them for the print.
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { chromium } = require('playwright-core');
const axe = require('axe-core');

const [page_file, pictures] = process.argv.slice(2);
const url = pathToFileURL(path.resolve(page_file)).href;
const findings = new Set();
const seen = {};
const k_loads = 5, k_loads_of_many = 2;
const k_rows_for_axe = 300; // contrast is computed cell by cell; further rows are of the same kind
// Ten thousand rows beside other tests take a browser more than its own half minute. How soon a page is painted is
// among the figures; how long one look takes is for whoever runs us to bound.
const k_patience_ms = 600_000;

function browser_program() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium-headless-shell', 'chromium', 'google-chrome-stable'])
    for (const folder of (process.env.PATH || '').split(':'))
      if (folder && fs.existsSync(path.join(folder, name))) return path.join(folder, name);
  throw new Error('no Chromium in the PATH');
}

/// A page with no network, whose every complaint is a finding.
async function open(browser, options, until = 'load') {
  const context = await browser.newContext({ offline: true, ...options });
  context.setDefaultTimeout(k_patience_ms);
  const page = await context.newPage();
  page.on('request', (request) => {
    if (request.url() !== url) findings.add(`it asks for ${request.url().slice(0, 200)}`);
  });
  page.on('dialog', (dialog) => {
    findings.add(`a script runs: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('pageerror', (error) => findings.add(`an error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') findings.add(`the console says: ${message.text()}`);
  });
  await page.goto(url, { waitUntil: until });
  return { page, close: () => context.close() };
}

async function keep(name, make) {
  if (pictures) fs.writeFileSync(path.join(pictures, name), await make());
}

/// What markup that came out of data would show as.
async function look_for_foreign_markup(page) {
  const found = await page.evaluate(() => {
    const live = 'script, iframe, object, embed, img, link, base, form, input, audio, video, a[href]';
    const all = [...document.querySelectorAll(live)].map((element) => element.outerHTML.slice(0, 200));
    for (const element of document.querySelectorAll('*'))
      for (const { name } of element.attributes)
        if (name.startsWith('on') || name === 'style' || name === 'src') all.push(`${element.tagName} ${name}`);
    return all;
  });
  for (const what of found) findings.add(`there is live markup: ${what}`);
}

/// Direction marks of a name reach no further than the name.
async function look_for_loose_names(page) {
  const loose = await page.evaluate(() =>
    [...document.querySelectorAll('tbody th, tbody td')]
      .filter((cell) => cell.textContent.trim() && !cell.querySelector('bdi, svg, time') && !/^[\p{ASCII}−–…·]*$/u.test(cell.textContent))
      .map((cell) => cell.textContent.slice(0, 80)));
  for (const text of loose.slice(0, 5)) findings.add(`a name stands in no <bdi>: ${text}`);
}

async function check_accessibility(page, mode) {
  await page.evaluate((most) => {
    // What is folded up is passed over otherwise.
    document.querySelectorAll('details').forEach((folded) => { folded.open = true; });
    document.querySelectorAll('tbody').forEach((body) => [...body.rows].slice(most).forEach((row) => row.remove()));
  }, k_rows_for_axe);
  await page.evaluate(axe.source);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
  for (const violation of result.violations)
    for (const node of violation.nodes.slice(0, 3))
      findings.add(`axe, ${mode}: ${violation.id}: ${violation.help}: ${node.target.join(' ')}`);
  seen[`axe_passes_${mode}`] = result.passes.length;
  seen[`axe_unsure_${mode}`] = result.incomplete.map((item) => item.id);
  if (result.passes.length < 10) findings.add(`axe, ${mode}: only ${result.passes.length} rules had anything to look at`);
}

/// Paper white or night black, with a text that can be told from it.
async function check_mode(page, mode) {
  const lightness = await page.evaluate(() => {
    const style = getComputedStyle(document.body);
    return [style.backgroundColor, style.color].map((text) => {
      const [r, g, b] = text.match(/[\d.]+/g).map(Number);
      return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
    });
  });
  const [ground, text] = lightness;
  if (mode === 'light' ? ground < 0.9 || text > 0.3 : ground > 0.15 || text < 0.7)
    findings.add(`in ${mode} mode the ground is ${ground.toFixed(2)} light and the text ${text.toFixed(2)}`);
}

/// The page itself never scrolls sideways, and no cell's text reaches out of it.
async function check_fit(page, width) {
  await page.setViewportSize({ width, height: 900 });
  const over = await page.evaluate(() => {
    const root = document.documentElement;
    const wide = [...document.querySelectorAll('th, td, dd, dt, h1, h2, p')]
      .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && getComputedStyle(element).display !== 'inline')
      .map((element) => `${element.tagName} ${element.textContent.slice(0, 60)}`);
    const tall = [...document.querySelectorAll('tbody tr')].map((row) => row.getBoundingClientRect().height);
    return { page: root.scrollWidth - root.clientWidth, wide, tallest: tall.length ? Math.max(...tall) : 0 };
  });
  if (over.page > 0) findings.add(`at ${width} px the page is ${over.page} px too wide`);
  for (const what of over.wide.slice(0, 5)) findings.add(`at ${width} px text reaches out of ${what}`);
  seen[`tallest_row_${width}`] = Math.round(over.tallest);
}

/// Whoever uses no mouse can scroll what scrolls.
async function check_keyboard(page) {
  const out_of_reach = await page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter((element) => /auto|scroll/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth + 1)
      .filter((element) => element.tabIndex < 0)
      .map((element) => element.outerHTML.slice(0, 100)));
  for (const what of out_of_reach) findings.add(`it scrolls, but not by keyboard: ${what}`);
}

async function check_print(page) {
  await page.emulateMedia({ media: 'print' });
  const print = await page.evaluate(() => ({
    head: [...document.querySelectorAll('thead')].every((head) => getComputedStyle(head).display === 'table-header-group'),
    rows: [...document.querySelectorAll('tbody tr')].slice(0, 50).every((row) => getComputedStyle(row).breakInside === 'avoid'),
  }));
  if (!print.head) findings.add('in print the head of a table does not come again on the next page');
  if (!print.rows) findings.add('in print a row may be cut in two');
  const pdf = await page.pdf({ format: 'A4' });
  seen.pdf_pages = (pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g) || []).length;
  if (!pdf.subarray(0, 5).equals(Buffer.from('%PDF-')) || pdf.length < 5000 || seen.pdf_pages < 1)
    findings.add(`its print is ${pdf.length} bytes of ${seen.pdf_pages} pages`);
  await keep('print.pdf', () => pdf);
}

/// The quickest of some loads, in milliseconds: what the page asks for, whatever else the machine does.
async function first_paint(browser) {
  const loads = fs.statSync(page_file).size > 1_000_000 ? k_loads_of_many : k_loads;
  const times = [];
  for (let i = 0; i < loads; ++i) {
    const { page, close } = await open(browser, {}, 'commit');
    times.push(await page.evaluate(() => new Promise((done) => {
      new PerformanceObserver((list) => {
        const paint = list.getEntriesByName('first-contentful-paint')[0];
        if (paint) done(paint.startTime);
      }).observe({ type: 'paint', buffered: true });
    })));
    await close();
  }
  return Math.round(Math.min(...times));
}

async function look(browser) {
  if (pictures) fs.mkdirSync(pictures, { recursive: true });
  seen.first_paint_ms = await first_paint(browser);
  for (const mode of ['light', 'dark']) {
    const { page, close } = await open(browser, { colorScheme: mode, viewport: { width: 1280, height: 900 } });
    await check_mode(page, mode);
    await keep(`${mode}.png`, () => page.screenshot());
    if (mode === 'light') {
      seen.rows = await page.evaluate(() => document.querySelectorAll('tbody tr').length);
      seen.charts = await page.evaluate(() => document.querySelectorAll('figure svg').length);
      await look_for_foreign_markup(page);
      await look_for_loose_names(page);
      for (const width of [360, 768, 1280]) {
        await check_fit(page, width);
        await check_keyboard(page);
        await keep(`${width}.png`, () => page.screenshot());
      }
      await check_print(page);
      await page.emulateMedia({ media: 'screen' });
    }
    await check_accessibility(page, mode);
    await close();
  }
}

(async () => {
  // Sandboxes need rights, and /dev/shm room, that a test in a container has not; the page is ours and runs nothing.
  const browser = await chromium.launch({
    executablePath: browser_program(),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    timeout: k_patience_ms,
  });
  try {
    seen.browser = browser.version();
    await look(browser);
  } finally {
    await browser.close();
  }
  process.stdout.write(`${JSON.stringify({ findings: [...findings], ...seen })}\n`);
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
