/**
 * Bundles the page into core/datalake/dashboard/page: app.js, app.css, index.html, licences.txt.
 *
 * A file is put in place whole, and only if it changed, so that whoever reads the page while it
 * is built again sees the old one or the new one.
 */
import { build } from "esbuild";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const page = join(here, "..", "core", "datalake", "dashboard", "page");

const bundle = await build({
  absWorkingDir: here,
  entryPoints: [
    { in: "src/main.js", out: "app" },
    { in: "app.css", out: "app" },
  ],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none", // licences.txt has them in full
  metafile: true,
  write: false,
  outdir: page,
});

await mkdir(page, { recursive: true });
for (const file of bundle.outputFiles) await put(file.path, file.contents);
await put(join(page, "index.html"), await readFile(join(here, "index.html")));
await put(join(page, "licences.txt"), Buffer.from(await licences(bundle.metafile)));

/** The licence of each package that is part of the bundle, word for word. */
async function licences(/** @type {import("esbuild").Metafile} */ metafile) {
  const inside = Object.keys(metafile.inputs).filter((path) => path.startsWith("node_modules/"));
  const packages = [...new Set(inside.map((path) => path.split("/")[1]))].sort();
  const texts = packages.map(async (name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    if (!file) throw new Error(`${name} has no licence file`);
    const text = await readFile(join(folder, file), "utf8");
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(78)}\n\n`);
}

/** Write a file, or leave it alone where it already has these bytes. */
async function put(/** @type {string} */ path, /** @type {Uint8Array} */ data) {
  const before = await readFile(path).catch(() => null);
  if (before?.equals(data)) return;
  const beside = `${path}.${process.pid}`;
  await writeFile(beside, data);
  await rename(beside, path);
  console.log(`${relative(join(here, ".."), path).split(sep).join("/")} ${data.length} bytes`);
}
