/** Builds ../static/editor.js and editor.css; the same sources give the same bytes. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const options = {
  absWorkingDir: here,
  entryPoints: { editor: "src/main.js" },
  outdir: process.argv[2] ?? "../static",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome120", "firefox121", "safari17.2"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

/** The licences of what is bundled, each text once. */
function notices(metafile) {
  const packages = new Set(
    Object.keys(metafile.inputs)
      .map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
      .filter(Boolean),
  );
  const byText = new Map();
  for (const name of [...packages].sort()) {
    const root = join(here, "node_modules", name);
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const text = readFileSync(join(root, "LICENSE"), "utf8").replace(/\r/g, "").trim();
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  return [...byText].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n---\n\n");
}

const { metafile } = await build({ ...options, write: false, metafile: true });
const text = notices(metafile).replaceAll("*/", "* /");
await build({ ...options, banner: { js: `/*!\nThe editor of aiwebengine, with:\n\n${text}\n*/` } });
