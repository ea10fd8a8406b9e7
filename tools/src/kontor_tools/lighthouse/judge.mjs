// Lets Lighthouse judge pages in a Chromium of its own, as a phone sees them (Lighthouse's default, the mobile preset).
//
// Takes one JSON object on standard input: `chromium` (path), `sandbox`, `runs`, `folder` for the reports, and `pages`,
// each with `name`, `url` and `cookies`. Prints one line of JSON per page: the scores of the run with the median
// performance, and the audits that cost points there.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const ATTEMPTS = 3;
const given = JSON.parse(readFileSync(0, "utf-8"));

for (const page of given.pages) {
  const reports = [];
  for (let run = 0; run < given.runs; run += 1) reports.push(await judged(page, ATTEMPTS));
  reports.sort((one, other) => score(one, "performance") - score(other, "performance"));
  const report = reports[Math.floor(reports.length / 2)];
  const file = join(given.folder, `${page.name}.json`);
  writeFileSync(file, JSON.stringify(report, null, 1));
  console.log(JSON.stringify({ name: page.name, url: report.finalDisplayedUrl, file, ...judgement(report) }));
}

// A browser of its own for every run, so that nothing is in its cache; a trace that failed is taken again.
async function judged(page, attempts) {
  const args = given.sandbox ? [] : ["--no-sandbox"];
  const browser = await puppeteer.launch({ executablePath: given.chromium, args });
  let report;
  try {
    await browser.setCookie(...page.cookies);
    report = (await lighthouse(page.url, { onlyCategories: CATEGORIES }, undefined, await browser.newPage())).lhr;
  } finally {
    await browser.close();
  }
  if (!report.runtimeError) return report;
  if (attempts === 1) throw new Error(`${page.url}: ${report.runtimeError.message}`);
  return judged(page, attempts - 1);
}

function score(report, category) {
  return Math.round(report.categories[category].score * 100);
}

function judgement(report) {
  const scores = Object.fromEntries(CATEGORIES.map((category) => [category, score(report, category)]));
  const costly = CATEGORIES.flatMap((category) => report.categories[category].auditRefs)
    .filter(({ id, weight }) => weight > 0 && report.audits[id].score !== null && report.audits[id].score < 0.9)
    .map(({ id }) => `${id}: ${report.audits[id].displayValue || report.audits[id].title}`);
  return { scores, costly: [...new Set(costly)] };
}
