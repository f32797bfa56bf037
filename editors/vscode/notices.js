// Writes dist/NOTICES.txt: name, version and licence text of every package that the bundle holds.
const { execFileSync } = require("node:child_process");
const { mkdirSync, readFileSync, readdirSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const listed = execFileSync("npm", ["ls", "--all", "--omit=dev", "--parseable"], { encoding: "utf8", shell: process.platform === "win32" });
const folders = listed.trim().split(/\r?\n/).slice(1);
const notices = folders.map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
mkdirSync("dist", { recursive: true });
writeFileSync("dist/NOTICES.txt", notices.sort().join(`\n${"-".repeat(80)}\n\n`));
