// Bundles src/ into built/, which is committed, so that building gembal needs no Node.js.
//
//   node build.mjs           writes built/
//   node build.mjs check     fails when built/ is not what the sources make
//
// Each asset carries a hash of its content in its name and may be cached for ever; only index.html keeps its name.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";

const here = (path) => new URL(path, import.meta.url);

/** `app.js` and its content -> `app-1A2B3C4D.js`. */
function namedByContent(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return name.replace(/\.(\w+)$/, `-${hash}.$1`);
}

async function bundle() {
  const result = await build({
    absWorkingDir: here(".").pathname,
    entryPoints: { app: "src/app.js", theme: "src/theme_first.js" },
    bundle: true,
    minify: true,
    write: false,
    outdir: "built",
    format: "iife",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",  // licenses.txt has them in full
  });
  return result.outputFiles.map((file) => ({
    name: file.path.split("/").at(-1),
    content: Buffer.from(file.contents),
  }));
}

/** What the licences of the bundled packages want to see in every copy. */
function licenses() {
  const { dependencies } = JSON.parse(readFileSync(here("package.json")));
  const texts = Object.keys(dependencies).map((name) => {
    const text = readFileSync(here(`node_modules/${name}/LICENSE`), "utf8").trim();
    return `${name} ${dependencies[name]}\n\n${text}\n`;
  });
  return Buffer.from(texts.join(`\n${"-".repeat(80)}\n\n`));
}

/** All files of built/: name -> content. */
async function files() {
  const assets = await bundle();
  assets.push({ name: "favicon.svg", content: readFileSync(here("src/favicon.svg")) });
  assets.push({ name: "licenses.txt", content: licenses() });

  const made = new Map();
  let page = readFileSync(here("src/index.html"), "utf8");
  for (const { name, content } of assets) {
    const hashed = namedByContent(name, content);
    page = page.replaceAll(`/assets/${name}`, `/assets/${hashed}`);
    made.set(hashed, content);
  }
  made.set("index.html", Buffer.from(page));
  for (const [name, content] of [...made]) {
    made.set(`${name}.gz`, gzipSync(content, { level: 9 }));  // Node writes no time into it
  }
  return made;
}

/** Compressors differ between versions and processors; what they compressed must not. */
function same(name, one, other) {
  if (name.endsWith(".gz")) return gunzipSync(one).equals(gunzipSync(other));
  return one.equals(other);
}

const made = await files();
if (process.argv[2] === "check") {
  const there = readdirSync(here("built"));
  const wrong = [
    ...there.filter((name) => !made.has(name)),
    ...[...made].filter(([name, content]) =>
      !there.includes(name) || !same(name, content, readFileSync(here(`built/${name}`)))).map(([name]) => name),
  ];
  if (wrong.length > 0) {
    console.error(`daemon/web/built is not what the sources make (run './dev web'): ${wrong.join(", ")}`);
    process.exit(1);
  }
} else {
  rmSync(here("built"), { recursive: true, force: true });
  mkdirSync(here("built"));
  for (const [name, content] of made) writeFileSync(here(`built/${name}`), content);
  const gzipped = [...made].filter(([name]) => name.endsWith(".gz"));
  for (const [name, content] of gzipped) console.log(`${String(content.length).padStart(8)}  ${name}`);
  console.log(`${String(gzipped.reduce((sum, [, content]) => sum + content.length, 0)).padStart(8)}  in all`);
}
