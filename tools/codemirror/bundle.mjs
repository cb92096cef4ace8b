// Makes web/static/vendored/codemirror.min.js again, with the licences of what is in it beside it:
//   cd tools/codemirror && npm ci && node bundle.mjs
// The same versions (package-lock.json) give the same bytes.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const OUT = new URL("../../src/scoville/web/static/vendored/", import.meta.url);

const made = await build({
  entryPoints: ["entry.js"], bundle: true, minify: true, format: "iife", globalName: "CodeMirror",
  target: "es2022", charset: "utf8", legalComments: "none", metafile: true, write: false,
});
writeFileSync(new URL("codemirror.min.js", OUT), made.outputFiles[0].contents);

const name = (path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
const packages = [...new Set(Object.keys(made.metafile.inputs).map(name).filter(Boolean))].sort();
const told = packages.map((one) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${one}/package.json`, "utf8"));
  return `${one} ${version} (${license})\n\n${readFileSync(`node_modules/${one}/LICENSE`, "utf8").trim()}\n`;
});
writeFileSync(new URL("codemirror.LICENSE.txt", OUT), told.join(`\n${"-".repeat(80)}\n\n`));
console.log(`${made.outputFiles[0].contents.length} bytes, from ${packages.join(", ")}`);
